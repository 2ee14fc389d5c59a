// IdentityCredential and IdentityCredentialError where the browser has none.

export interface CredentialFields {
  token: unknown;
  configURL: string;
  isAutoSelected: boolean;
}

let making = false;

function illegal(): never {
  throw new TypeError("Illegal constructor");
}

export class PolyfilledIdentityCredential {
  // Own properties: Credential, which may stand behind this class, has getters
  // for them that refuse what the browser did not make.
  readonly id!: string;
  readonly type!: string;
  readonly token: unknown;
  readonly configURL: string;
  readonly isAutoSelected: boolean;

  constructor(fields?: CredentialFields) {
    if (!making || !fields) illegal();
    Object.defineProperties(this, { id: { value: "", enumerable: true }, type: { value: "identity", enumerable: true } });
    this.token = fields.token;
    this.configURL = fields.configURL;
    this.isAutoSelected = fields.isAutoSelected;
  }

  get [Symbol.toStringTag](): string {
    return "IdentityCredential";
  }
}

if ("Credential" in globalThis) Object.setPrototypeOf(PolyfilledIdentityCredential.prototype, Credential.prototype as object);

export function makeCredential(fields: CredentialFields): PolyfilledIdentityCredential {
  making = true;
  try {
    return new PolyfilledIdentityCredential(fields);
  } finally {
    making = false;
  }
}

/** error is today's name of the provider's word, code the older one. */
export class PolyfilledIdentityCredentialError extends DOMException {
  readonly error: string;
  readonly url: string;

  constructor(message = "", init: { error?: string; url?: string } = {}) {
    super(message, "IdentityCredentialError");
    this.error = init.error ?? "";
    this.url = init.url ?? "";
  }
  // DOMException has a numeric code; FedCM gave this name another meaning.
  override get code(): never {
    return this.error as never;
  }
}

export function networkError(): DOMException {
  return new DOMException("Error retrieving a token.", "NetworkError");
}
