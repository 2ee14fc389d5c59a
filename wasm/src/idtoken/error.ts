/** Why a token was refused: a stable code for programs, a sentence for people. */
export class IdTokenError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "IdTokenError";
    this.code = code;
  }
}
