/**
 * The market's public face: what engine, benches and shells call.
 *
 *   decide(state, bidders, request, random) -> Decision | Refusal     (pure; reads a snapshot)
 *   replay(decision)                        -> Place[]                (pure; bit for bit)
 *   learn(state, settlement)                -> void                   (folds one settlement into the state in place)
 *
 * MarketState is plain JSON: a part a kind plus one part shared by all, each at most 64 KB, stored by version.
 */
export {};
