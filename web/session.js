// Who is at the desk. On one machine a token comes in the address's fragment, which is sent to no server; on AWS
// Cognito's sign-in page gives one (authorization code with PKCE). It is kept for this tab only.

const STORE = "packshot.token";
const PENDING = "packshot.signin";

let config = {};

/** The token, or "" when nobody has signed in. */
export const token = () => sessionStorage.getItem(STORE) ?? "";

/** Where the API is: beside the page unless config.json says otherwise. */
export const apiBase = () => config.api ?? "";

/** Whether there is a sign-in page to go to. */
export const canSignIn = () => Boolean(config.domain && config.client);

/** Forget the token. */
export function forget() {
  sessionStorage.removeItem(STORE);
}

/** Reads config.json and takes a token from the address, if one is there. Call once, first. */
export async function begin() {
  const answer = await fetch("config.json", { cache: "no-cache" }).catch(() => null);
  config = answer?.ok ? await answer.json() : {};
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (fragment.has("token")) {
    sessionStorage.setItem(STORE, fragment.get("token"));
    history.replaceState(null, "", `${location.pathname}#/queue`);
  }
  const query = new URLSearchParams(location.search);
  if (query.has("code") && canSignIn()) await redeem(query.get("code"), query.get("state"));
}

/** Goes to Cognito's sign-in page. */
export async function signIn() {
  const verifier = random();
  const state = random();
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, back: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: config.client,
    redirect_uri: location.origin + location.pathname,
    scope: "openid email profile",
    state,
    code_challenge_method: "S256",
    code_challenge: base64url(new Uint8Array(digest)),
  });
  location.assign(`${config.domain}/oauth2/authorize?${query}`);
}

/** Signs out here and, on AWS, at Cognito. */
export function signOut() {
  forget();
  if (!canSignIn()) return location.reload();
  const query = new URLSearchParams({ client_id: config.client, logout_uri: location.origin + location.pathname });
  return location.assign(`${config.domain}/logout?${query}`);
}

async function redeem(code, state) {
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "{}");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", location.pathname + (pending.back || "#/queue"));
  if (!pending.verifier || pending.state !== state) return; // an answer to a question that this tab did not ask
  const answer = await fetch(`${config.domain}/oauth2/token`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: config.client,
      redirect_uri: location.origin + location.pathname,
      code,
      code_verifier: pending.verifier,
    }),
  });
  if (answer.ok) sessionStorage.setItem(STORE, (await answer.json()).id_token);
}

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
