// SPDX-License-Identifier: GPL-2.0-or-later
/* Logging in by a one-time link, a token or OpenID Connect; above the page where a session has ended. */
import { useEffect, useState } from "preact/hooks";
import { beginAtProvider, enterWith, login, look, providerLabel, refusal } from "../lib/session";
import { Dialog } from "../ui/dialog";

/** Where one is configured; in another tab where the page is to stay. */
function Provider({ stay }: { stay: boolean }) {
  const [label, setLabel] = useState<string | null>(null);
  useEffect(() => {
    providerLabel().then(setLabel, () => undefined);
    if (!stay) return;
    const check = () => void look();
    addEventListener("focus", check);
    return () => removeEventListener("focus", check);
  }, []);
  const begin = async () => {
    refusal.value = "";
    try {
      const url = await beginAtProvider();
      if (stay) open(url, "_blank", "noopener");
      else location.assign(url);
    } catch (error) {
      refusal.value = (error as Error).message;
    }
  };
  if (label === null) return null;
  return (
    <div class="stack">
      <div class="buttons">
        <button type="button" class="button" onClick={() => void begin()}>
          Log in with {label}
        </button>
      </div>
      <p class="error" role="alert">
        {refusal.value}
      </p>
    </div>
  );
}

function Form() {
  const [code, setCode] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const enter = async (text: string) => {
    setBusy(true);
    /* A whole link is as good as the code in it. */
    const found = /[#?&](?:code=|login=)?([A-Za-z0-9_.~-]{16,})$/.exec(text.trim());
    setError((await enterWith(found?.[1] ?? text.trim())) ?? "");
    setBusy(false);
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (code.trim()) void enter(code);
      }}
    >
      <p>On the host, ask for a link and open it, or paste it here:</p>
      <pre class="command">mctl console login</pre>
      <label class="field">
        <span class="label">Link or token</span>
        <input
          type="password"
          value={code}
          autocomplete="off"
          aria-invalid={error !== ""}
          aria-describedby="login-error"
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </label>
      <p id="login-error" class="error" role="alert">
        {error}
      </p>
      <div class="buttons">
        <button type="submit" class="button primary" disabled={busy}>
          Log in
        </button>
      </div>
    </form>
  );
}

export function LoginPage() {
  useEffect(() => {
    document.title = "Log in · mseg";
  }, []);
  return (
    <main class="login">
      <div class="card">
        <h1>
          <img src={new URL("../icon.svg", import.meta.url).href} width={36} height={36} alt="" /> mseg
        </h1>
        <Form />
        <Provider stay={false} />
      </div>
    </main>
  );
}

/** The session has ended: what was typed stays below. */
export function LoginAgain() {
  if (login.value !== "expired") return null;
  return (
    <Dialog title="Your session has ended">
      <p>Log in again to go on where you are: nothing that you typed is lost.</p>
      <Form />
      <Provider stay />
    </Dialog>
  );
}
