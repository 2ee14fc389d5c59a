export * as tokens from "./tokens-3effa846d8fa.mjs";
export * as fedcm from "./fedcm-36a319ec255d.mjs";
export { IdTokenError, load, verifyIdToken } from "./idtoken-workerd-c53050f16e09.mjs";
