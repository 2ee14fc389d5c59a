// Runs in the window that a relying party's page opened. It hands the page's
// answer to that page's registered origin, which the server wrote here, and to
// no other: a message to an origin that the opener does not have is dropped by
// the browser.
const data = document.getElementById("bonafides-popup")?.dataset;
if (data) {
  if (!window.opener) {
    // A no and a refusal are at their end here; nothing was to be handed over.
    if (!["closed", "error"].includes(data.kind)) document.getElementById("bonafides-no-opener").hidden = false;
  } else if (data.state) {
    const message = { bonafides: 1, type: "fedcm", state: data.state };
    switch (data.kind) {
      case "ready": message.ready = true; break;
      case "token": message.token = data.token; break;
      case "disconnected": message.disconnected = data.account; break;
      case "error": message.error = { error: data.code, url: data.url }; break;
      default: message.closed = true;
    }
    window.opener.postMessage(message, data.origin);
    data.token = "";
  }
  if (data.next) location.replace(data.next);
  else if (window.opener && !["ready", "error"].includes(data.kind)) window.close();
}
