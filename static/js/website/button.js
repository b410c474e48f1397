// The button that a business puts on its website, by one line in its pages: <script src="…/widget/<key>.js" async>.
// It stands in a shadow of its own, so that neither side's styles touch the other's. The call itself happens in a frame
// from our address, made when the button is first pressed.
(() => {
  const script = document.currentScript;
  const address = new URL(script.src);
  const home = address.origin;
  const panel = `${home}${address.pathname.replace(/\.js$/, "")}`;
  if (window.agentosButton) return; // pasted twice
  window.agentosButton = true;

  const STYLES = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    .place { position: fixed; inset: auto 20px 20px auto; z-index: 2147483000; font: 600 16px/1.2 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    .place.within { position: absolute; inset-inline: 20px; }
    button { display: flex; align-items: center; gap: 10px; min-height: 56px; max-width: calc(100vw - 40px); margin: 0 0 0 auto; padding: 0 22px 0 18px; border: 0; border-radius: 28px; background: var(--color); color: var(--ink); font: inherit; cursor: pointer; box-shadow: 0 1px 2px rgb(0 0 0 / .16), 0 8px 24px -6px rgb(0 0 0 / .3); }
    button:hover { filter: brightness(1.06); }
    button:focus-visible { outline: 3px solid var(--ink); outline-offset: -6px; box-shadow: 0 0 0 3px var(--color), 0 8px 24px -6px rgb(0 0 0 / .3); }
    svg { width: 24px; height: 24px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
    span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    .live { width: 10px; height: 10px; margin: 7px; flex: none; border-radius: 50%; background: currentColor; }
    [hidden] { display: none !important; }
    .frame { position: fixed; inset: auto 20px 88px auto; width: min(380px, calc(100vw - 40px)); height: min(600px, calc(100dvh - 108px)); border-radius: 16px; overflow: hidden; background: Canvas; box-shadow: 0 0 0 1px rgb(0 0 0 / .08), 0 16px 48px -8px rgb(0 0 0 / .35); }
    .within .frame { position: absolute; inset: auto 0 68px auto; width: min(380px, 100%); height: 480px; }
    iframe { display: block; width: 100%; height: 100%; border: 0; color-scheme: light dark; }
    @media (max-width: 480px) {
      .place:not(.within) button { width: 56px; padding: 0; justify-content: center; }
      .place:not(.within) span { position: absolute; width: 1px; height: 1px; clip-path: inset(50%); }
      .place:not(.within) .frame { inset: 0; width: 100%; height: 100%; border-radius: 0; }
      .place:not(.within) .frame:not([hidden]) + button { display: none; }
    }
    @media (forced-colors: active) { button { border: 2px solid ButtonText; } }
    @media print { :host { display: none; } }`;

  function draw(look) {
    const host = document.createElement("div");
    const root = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    root.innerHTML = `<div class="place"><div class="frame" role="dialog" hidden></div><button type="button" aria-haspopup="dialog" aria-expanded="false"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6.5 3.5h2.6l1.6 4.3-2 1.5a11.5 11.5 0 0 0 6 6l1.5-2 4.3 1.6v2.6a2 2 0 0 1-2.1 2A16.4 16.4 0 0 1 4.5 5.6a2 2 0 0 1 2-2.1Z"/></svg><i class="live" hidden></i><span></span></button></div>`;
    const [place, frame, button] = [".place", ".frame", "button"].map((name) => root.querySelector(name));
    show(look);
    let inside = null;

    function show({ words, color, ink }) {
      place.style.setProperty("--color", color);
      place.style.setProperty("--ink", ink);
      root.querySelector("span").textContent = words;
      frame.setAttribute("aria-label", words);
    }

    function open() {
      if (!inside) {
        inside = document.createElement("iframe");
        inside.allow = "microphone; autoplay";
        inside.title = root.querySelector("span").textContent;
        inside.src = `${panel}?site=${encodeURIComponent(location.origin)}`;
        frame.append(inside);
      }
      frame.hidden = false;
      button.setAttribute("aria-expanded", "true");
      inside.focus();
    }

    function close() {
      frame.hidden = true;
      button.setAttribute("aria-expanded", "false");
      button.focus();
    }

    button.addEventListener("click", () => (frame.hidden ? open() : close()));
    root.addEventListener("keydown", ({ key }) => key === "Escape" && !frame.hidden && close());
    host.addEventListener("look", ({ detail }) => show(detail));
    addEventListener("message", ({ source, origin, data }) => {
      if (!inside || source !== inside.contentWindow || origin !== home) return;
      if (data === "close") close();
      if (data === "talking" || data === "idle") {
        root.querySelector("svg").toggleAttribute("hidden", data === "talking");
        root.querySelector("i").toggleAttribute("hidden", data === "idle");
      }
    });

    const inPage = script.dataset.inside && document.getElementById(script.dataset.inside);
    place.classList.toggle("within", Boolean(inPage));
    (inPage || document.body).append(host);
  }

  async function begin() {
    if (script.dataset.look) return draw(JSON.parse(script.dataset.look));
    const answer = await fetch(panel, { credentials: "omit" }).catch(() => null);
    if (answer?.ok) return draw(await answer.json());
    console.warn(`The call button is not shown: ${location.origin} is not on its list of websites, or it is switched off.`);
  }

  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
