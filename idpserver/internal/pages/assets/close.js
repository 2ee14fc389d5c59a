// Runs on the page that follows a sign-in. In the window that the browser's
// FedCM dialog opened this closes it, and the dialog goes on; in any other
// window it does nothing.
if ("IdentityProvider" in globalThis && typeof IdentityProvider.close === "function") {
  IdentityProvider.close();
}
