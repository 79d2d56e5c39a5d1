declare module "vader-sentiment" {
  const library: {
    SentimentIntensityAnalyzer: {
      polarity_scores(text: string): { neg: number; neu: number; pos: number; compound: number };
    };
  };
  export default library;
}
declare module "wink-sentiment" {
  export default function sentiment(text: string): { score: number; normalizedScore: number };
}
