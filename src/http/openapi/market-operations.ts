import { feedbackBody } from "../native/feedback.ts";
import { jobBody } from "../native/job-body.ts";
import { evaluationBody, seedBody } from "../native/seed.ts";
import { json, none, type Operation } from "./operation.ts";

/** Who bids and what was learned of them. */
export const marketOperations: Operation[] = [
  {
    method: "post",
    path: "/v1/feedback",
    tag: "market",
    summary: "Say what an answer was worth: the market learns.",
    body: { name: "Feedback", schema: feedbackBody },
    answers: { 202: json("Taken; it counts once a microtask.") },
  },
  {
    method: "post",
    path: "/v1/auctions/preview",
    tag: "market",
    summary: "Who would win, and why. Nothing is run.",
    body: { name: "JobRequest", schema: jobBody },
    answers: { 200: json("One decision a microtask.") },
  },
  {
    method: "get",
    path: "/v1/bidders",
    tag: "market",
    summary: "Who bids, with calibration and standing.",
    answers: { 200: json("All bidders.") },
  },
  {
    method: "get",
    path: "/v1/bidders/{id}",
    tag: "market",
    summary: "One bidder; its id is provider/model.",
    answers: { 200: json("The bidder.") },
  },
  {
    method: "put",
    path: "/v1/bidders/{id}",
    tag: "market",
    summary: "Add a bidder, or change it; {enabled} alone switches any on or off.",
    operator: true,
    body: "bidder",
    answers: { 200: json("It bids from now on, within 10 s everywhere.") },
  },
  {
    method: "delete",
    path: "/v1/bidders/{id}",
    tag: "market",
    summary: "Remove a bidder that was added.",
    operator: true,
    answers: { 204: none },
  },
  {
    method: "get",
    path: "/v1/market",
    tag: "market",
    summary: "What was learned, by kind, context and bidder.",
    operator: true,
    answers: { 200: json("Beliefs, and how far claims came true.") },
  },
  {
    method: "get",
    path: "/metrics",
    tag: "market",
    summary: "What was settled and who bids, for Prometheus.",
    operator: true,
    answers: { 200: { says: "Text format 0.0.4.", type: "text/plain" } },
  },
  {
    method: "post",
    path: "/v1/market/priors",
    tag: "market",
    summary: "What is known from elsewhere, before the market has seen anything.",
    operator: true,
    body: { name: "Priors", schema: seedBody },
    answers: { 200: json("How many rows were taken, and which were refused and why.") },
  },
  {
    method: "post",
    path: "/v1/market/evaluations",
    tag: "market",
    summary: "How bidders did on inputs that were put to them elsewhere.",
    operator: true,
    body: { name: "Evaluation", schema: evaluationBody },
    answers: { 200: json("How many rows were learned, how many were known, and which were refused and why.") },
  },
];
