// The entry "bonafides": what the other entries export, but for the keeper, whose
// script acts on being imported.
export * as tokens from "./tokens.js";
export * as fedcm from "./fedcm.js";
export { IdTokenError, load, verifyIdToken, type IdTokenClaims, type IdTokenOptions } from "./idtoken.js";
