/* Has the browser make a passkey, or show one (WebAuthn Level 3, sections 5.1.3 and 5.1.4), and sends what it gives with
   the form around the button. Pages do without it: it only lets them show what needs it. */
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return;
  // Runs before the page is drawn, so that nothing moves.
  document.documentElement.classList.add("has-passkeys");

  const RENEWED_AFTER = 100_000; // milliseconds; a challenge is good for two minutes
  const read = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const write = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const known = (list) => (list ?? []).map((each) => ({ ...each, id: read(each.id) }));

  const fetchOptions = async (form) => {
    const options = await (await fetch(form.dataset.options)).json();
    options.challenge = read(options.challenge);
    options.allowCredentials = known(options.allowCredentials);
    options.excludeCredentials = known(options.excludeCredentials);
    if (options.user) options.user.id = read(options.user.id);
    return options;
  };

  const send = (form, credential) => {
    const { response } = credential;
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const written = parts.filter((part) => response[part]).map((part) => [part, write(response[part])]);
    form.elements.credential.value = JSON.stringify({
      id: credential.id,
      rawId: write(credential.rawId),
      type: credential.type,
      response: { ...Object.fromEntries(written), transports: response.getTransports?.() },
    });
    form.submit();
  };

  const add = (form) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      let options;
      try {
        options = await fetchOptions(form);
      } catch {
        location.reload(); // signed in too long ago: the page then leads to where that is proved again
        return;
      }
      try {
        send(form, await navigator.credentials.create({ publicKey: options }));
      } catch {
        document.getElementById("add").focus(); // cancelled, or on this device already
      }
    });
  };

  const show = (form) => {
    let offered = new AbortController();

    /* Offers passkeys among what the browser fills into the field for the address, until one is chosen. */
    const offer = async () => {
      const own = (offered = new AbortController());
      if (document.hidden) {
        await new Promise((seen) => document.addEventListener("visibilitychange", seen, { once: true }));
      }
      const options = await fetchOptions(form);
      setTimeout(() => own.abort("old"), RENEWED_AFTER);
      try {
        const credential = await navigator.credentials.get({ publicKey: options, mediation: "conditional", signal: own.signal });
        send(form, credential);
      } catch {
        if (own.signal.reason === "old") await offer();
      }
    };

    const offerQuietly = async () => {
      try {
        if (await PublicKeyCredential.isConditionalMediationAvailable?.()) await offer();
      } catch {
        // Without it, there is still the button.
      }
    };

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      offered.abort("pressed");
      try {
        send(form, await navigator.credentials.get({ publicKey: await fetchOptions(form) }));
      } catch {
        offerQuietly(); // cancelled
      }
    });
    // What was just refused would be offered again at once; the button still asks for another.
    if (!("refused" in form.dataset)) offerQuietly();
  };

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-passkeys]")) ({ add, show })[form.dataset.passkeys](form);
  });
})();
