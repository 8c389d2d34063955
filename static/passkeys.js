// Passkeys and security keys: the browser's part of adding one, and of logging in with one.
// A form says data-passkey="create", "confirm" or "login"; its button and its line for words are found by attribute.
"use strict";
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const withIds = (list) => (list || []).map((key) => ({ ...key, id: bytes(key.id) }));

  const WORDS = {
    NotAllowedError: "Nothing was done: the device did not confirm, or it took too long. You can try again.",
    InvalidStateError: "This key is already one of yours.",
    SecurityError: "This address cannot use passkeys. Open the site by the name it was set up for (localhost, not 127.0.0.1).",
    NotSupportedError: "This device cannot make such a key.",
  };

  async function create(options, isPasskey) {
    const asked = options.publicKey;
    const selection = { ...asked.authenticatorSelection, residentKey: isPasskey ? "required" : "discouraged", requireResidentKey: isPasskey };
    if (isPasskey) selection.userVerification = "required";
    const key = await navigator.credentials.create({
      publicKey: { ...asked, challenge: bytes(asked.challenge), user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: withIds(asked.excludeCredentials), authenticatorSelection: selection },
    });
    return answer(key, {
      attestationObject: text(key.response.attestationObject),
      transports: key.response.getTransports ? key.response.getTransports() : [],
    });
  }

  async function confirm(options) {
    const asked = options.publicKey;
    const key = await navigator.credentials.get({
      publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: withIds(asked.allowCredentials) },
    });
    return answer(key, {
      authenticatorData: text(key.response.authenticatorData),
      signature: text(key.response.signature),
      userHandle: key.response.userHandle ? text(key.response.userHandle) : null,
    });
  }

  const answer = (key, response) => ({
    type: key.type, id: key.id, rawId: text(key.rawId),
    authenticatorAttachment: key.authenticatorAttachment || null,
    clientExtensionResults: key.getClientExtensionResults(),
    response: { clientDataJSON: text(key.response.clientDataJSON), ...response },
  });

  async function fetched(address) {
    const reply = await fetch(address, { headers: { Accept: "application/json" } });
    if (!reply.ok) throw new Error("The server does not answer just now. Try again in half a minute.");
    return (await reply.json()).request_options;
  }

  function attach(form) {
    const kind = form.dataset.passkey;
    const button = form.querySelector("[data-passkey-button]");
    const says = form.querySelector("[data-passkey-says]");
    const given = () => JSON.parse(document.getElementById("js_data").textContent);
    if (!window.PublicKeyCredential) {
      says.textContent = "This browser knows no passkeys.";
      return;
    }
    form.hidden = false;
    button.disabled = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      says.textContent = "Your browser asks you to confirm…";
      try {
        const credential = kind === "create" ? await create(given().creation_options, form.elements.passwordless.checked)
          : kind === "login" ? await confirm(await fetched(form.action))
          : await confirm(given().request_options);
        form.querySelector("[name$=credential]").value = JSON.stringify(credential);
        form.submit();
      } catch (error) {
        says.textContent = WORDS[error.name] || error.message;
      }
    });
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) attach(form);
})();
