// Who is at the desk. On one machine a token comes in the address's fragment, which is sent to no server; on AWS
// Cognito's sign-in page gives one (authorization code with PKCE), and a refresh token that renews it through the
// day. All of it is kept for this tab only.

const STORE = "packshot.session";
const PENDING = "packshot.signin";
const EARLY = 60; // seconds before a token's end at which it is renewed

let config = {};
let renewal = null;

const kept = () => JSON.parse(sessionStorage.getItem(STORE) ?? "{}");
const keep = (session) => sessionStorage.setItem(STORE, JSON.stringify(session));

/** Whether somebody has signed in. */
export const signedIn = () => Boolean(kept().token);

/** Where the API is: beside the page unless config.json says otherwise. */
export const apiBase = () => config.api ?? "";

/** Whether there is a sign-in page to go to. */
export const canSignIn = () => Boolean(config.domain && config.client);

/** Forget who was there. */
export const forget = () => sessionStorage.removeItem(STORE);

/** The token to send, renewed if it ends soon; "" when nobody has signed in. */
export async function token() {
  const { token: now = "", renew, ends } = kept();
  if (!renew || Date.now() / 1000 < ends - EARLY) return now;
  renewal ??= refresh(renew).finally(() => (renewal = null));
  return renewal;
}

/** Reads config.json and takes a token or an answer of Cognito from the address. Call once, first.
 *  What went wrong with the sign-in, in words, or "". Throws when config.json cannot be read. */
export async function begin() {
  const answer = await fetch("config.json", { cache: "no-cache" });
  if (!answer.ok && answer.status !== 404) throw new Error(`config.json cannot be read (${answer.status}).`);
  config = answer.ok ? await answer.json() : {};
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (fragment.has("token")) {
    keep({ token: fragment.get("token") });
    history.replaceState(null, "", `${location.pathname}#/queue`);
  }
  const query = new URLSearchParams(location.search);
  if (!canSignIn() || !(query.has("code") || query.has("error"))) return "";
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "{}");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", location.pathname + (pending.back || "#/queue"));
  if (!pending.state || pending.state !== query.get("state")) return ""; // this tab did not ask for it
  if (query.has("error")) return query.get("error_description") || query.get("error");
  try {
    await redeem(query.get("code"), pending);
    return "";
  } catch (problem) {
    return problem instanceof TypeError ? "The sign-in cannot be reached. Try again." : problem.message;
  }
}

/** Goes to Cognito's sign-in page. */
export async function signIn() {
  const [verifier, state, nonce] = [random(), random(), random()];
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, nonce, back: location.hash }));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: config.client,
    redirect_uri: home(),
    scope: "openid email profile",
    state,
    nonce,
    code_challenge_method: "S256",
    code_challenge: base64url(new Uint8Array(digest)),
  });
  location.assign(`${config.domain}/oauth2/authorize?${query}`);
}

/** Signs out here and, on AWS, at Cognito; what could renew the session is revoked. */
export function signOut() {
  const { renew } = kept();
  forget();
  if (!canSignIn()) return location.reload();
  // Without looking at the answer: the page leaves at once, and the token is forgotten here in any case.
  if (renew) fetch(`${config.domain}/oauth2/revoke`, { method: "POST", mode: "no-cors", keepalive: true, body: new URLSearchParams({ client_id: config.client, token: renew }) }).catch(() => {});
  return location.assign(`${config.domain}/logout?${new URLSearchParams({ client_id: config.client, logout_uri: home() })}`);
}

async function redeem(code, { verifier, nonce }) {
  const answer = await ask({ grant_type: "authorization_code", redirect_uri: home(), code, code_verifier: verifier });
  const claims = JSON.parse(atob(answer.id_token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  if (claims.nonce !== nonce || claims.aud !== config.client) throw new Error("The sign-in's answer was made for another page.");
  keep({ token: answer.id_token, renew: answer.refresh_token, ends: Date.now() / 1000 + answer.expires_in });
}

/** A new token for the refresh token; "" when the session is over. Throws without a connection. */
async function refresh(renew) {
  const answer = await ask({ grant_type: "refresh_token", refresh_token: renew }).catch((problem) => {
    if (problem instanceof TypeError) throw problem; // no connection: the session may still be good
    forget();
    return { id_token: "" };
  });
  if (answer.id_token) keep({ token: answer.id_token, renew: answer.refresh_token ?? renew, ends: Date.now() / 1000 + answer.expires_in });
  return answer.id_token;
}

async function ask(fields) {
  const answer = await fetch(`${config.domain}/oauth2/token`, { method: "POST", body: new URLSearchParams({ client_id: config.client, ...fields }) });
  if (!answer.ok) throw new Error(`The sign-in was not accepted (${(await answer.json().catch(() => ({}))).error ?? answer.status}).`);
  return answer.json();
}

/** The page's own address, as the user pool knows it. */
const home = () => location.origin + location.pathname.replace(/[^/]*$/, "");

const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
