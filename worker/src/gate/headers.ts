// Which request headers go on to the origin. A visitor must not be able to say
// what only the gate, or a proxy that the origin trusts, may say.

/** RFC 9110 section 7.6.1, and what older proxies say. */
export const hopByHop = ["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/** Credentials that the gate judges: they never travel on. */
const credentials = [
  "sec-redemption-record", "private-state-redemption-record", "sec-private-state-token", "sec-private-state-token-crypto-version",
  "private-state-token", "private-state-token-crypto-version",
];

/** What the gate itself tells the origin all begins like this. */
const own = "gate-";

/** What the gate sets beside that. */
const set = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"];

/**
 * How the names begin by which proxies tell an application who the visitor is,
 * where from, and what was asked for. An application that trusts one of them
 * trusts whoever can send it, and behind the gate that would be every visitor.
 */
const trusted = [
  // where from
  "forwarded", "x-forwarded", "x-forwarder-", "x-real-", "x-client-ip", "client-ip", "x-cluster-", "x-originating-", "x-proxyuser-",
  "true-client-", "cf-", "fastly-", "x-envoy-", "x-azure-", "x-appengine-", "x-amzn-", "x-arr-", "x-scheme", "x-url-scheme", "front-end-https",
  // what was asked for
  "x-original-", "x-rewrite-", "x-host", "x-http-host", "x-http-method", "x-method-override", "x-middleware-",
  "x-accel-", "x-sendfile", "proxy", "http-", "wl-proxy-", "x-ms-original-", "x-waws-", "x-request-uri", "request-uri",
  // who
  "remote-", "x-remote-", "x-auth-", "x-authenticated-", "x-authentik-", "x-authelia-", "auth-", "x-webauth-", "x-goog-authenticated-", "x-goog-iap-",
  "x-ms-client-principal", "x-ms-token-", "x-pomerium-", "x-vouch-", "tailscale-", "x-token-", "x-user", "x-email", "x-groups",
  "oidc-", "x-consumer-", "x-credential-", "x-anonymous-consumer", "iv-", "sm-", "shib-", "x-shib-", "eppn", "x-sso-", "x-proxy-", "x-verified-",
  "x-jwt-", "x-endpoint-api-", "x-apigateway-", "authenticated-", "x-tls-", "tls-client-",
  "oauth2-claim", "ajp-", "mellon-", "x-saml-", "oam-", "x-authn-", "x-id-token", "x-preferred-username", "x-spiffe-", "x-scope-orgid", "impersonate-",
  "x-ssl-", "ssl-", "x-client-cert", "x-client-verify", "x-client-dn", "client-cert",
];

/**
 * Names that may travel on: letters, digits and, after the first, hyphens. CGI and all that came
 * after it turn every other character of a name into "_" as they do the hyphen
 * (RFC 3875 section 4.1.18), so that Gate.Subject would be Gate-Subject there.
 * Without such names no two can mean one variable.
 */
const plain = /^[a-z0-9][a-z0-9-]*$/;

const isSet = (name: string) => name.startsWith(own) || set.includes(name) || credentials.includes(name) || hopByHop.includes(name);

/** Whether the settings may keep a name that would be stripped: none of what the gate says or judges. */
export const mayKeep = (name: string) => plain.test(name.toLowerCase()) && !isSet(name.toLowerCase());

/** Whether a visitor's header of this name, in lower case, goes on. keep are names that the settings let pass. */
export function passes(name: string, keep: readonly string[]): boolean {
  if (!plain.test(name) || isSet(name)) return false;
  return keep.includes(name) || !trusted.some((t) => name.startsWith(t));
}

/** A copy without some headers, and without those that Connection names. */
export function without(from: Headers, drop: (name: string) => boolean): Headers {
  const named = (from.get("Connection") ?? "").toLowerCase().split(",").map((n) => n.trim());
  const to = new Headers();
  for (const [name, value] of from) {
    if (!drop(name) && !named.includes(name)) to.append(name, value);
  }
  return to;
}

/**
 * What stands after the scheme of "Authorization: Bearer"; null where the scheme
 * is another one. RFC 9110 section 11.4 wants one space there, and servers take a
 * tab, several or none: what one of them may read as a token counts as one here.
 */
export const bearer = (authorization: string) => /^\s*bearer(?:\s+(.*))?$/is.exec(authorization)?.[1] ?? (isBearer(authorization) ? "" : null);

const isBearer = (credential: string) => /^\s*bearer(?![\w!#$%&'*+.^`|~-])/i.test(credential);

/** Whether any of the credentials in an Authorization header, or in several of them, is a bearer token. */
export const hasBearer = (authorization: string) => authorization.split(",").some(isBearer);
