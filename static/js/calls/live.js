// Pages that a socket keeps up to date: calls in progress get longer by the second, the focus survives a swap, the
// transcript follows while its end is in view, and a lost connection is said.
const NOTICE_AFTER_MS = 1500;
const LONGEST_PAUSE_MS = 15_000;
const NOT_ALLOWED = 4403;
const IN_VIEW = 80; // pixels below the window at which the end of a transcript still counts as seen

// Time

const two = (number) => String(number).padStart(2, "0");

function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

setInterval(() => {
  for (const time of document.querySelectorAll("time[data-since]")) {
    time.textContent = duration(Date.now() - Date.parse(time.dataset.since));
  }
}, 1000);

// Swaps

let focused = "";

document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const link = document.activeElement?.closest("a[href]");
  focused = link && detail.target.contains(link) ? `#${CSS.escape(detail.target.id)} a[href="${link.getAttribute("href")}"]` : "";
});
document.addEventListener("htmx:oobAfterSwap", () => focused && document.querySelector(focused)?.focus({ preventScroll: true }));

let follows = false;
const endOf = () => document.querySelector("[data-follow]")?.getBoundingClientRect().bottom ?? Infinity;

document.addEventListener("htmx:wsBeforeMessage", () => (follows = endOf() < innerHeight + IN_VIEW));
document.addEventListener("htmx:wsAfterMessage", () => {
  if (follows && endOf() > innerHeight) scrollBy({ top: endOf() - innerHeight + IN_VIEW / 2 });
});

// What was asked of the call is done: a question closes, and what was whispered makes room for the next.

document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  if (!detail.successful) return;
  target.closest("[popover]")?.hidePopover();
  if (target.matches("[data-whisper]")) target.reset();
});

// The connection

const notice = document.getElementById("lost");
let socket = null;
let timer = 0;

htmx.config.wsReconnectDelay = (tries) => Math.min(LONGEST_PAUSE_MS, 500 * 2 ** tries) * (0.5 + Math.random() / 2);

function lose({ detail }) {
  socket = detail.socketWrapper;
  if (detail.event.code === NOT_ALLOWED) location.reload();
  if (timer || !notice.hidden) return;
  const at = new Date();
  timer = setTimeout(() => {
    const since = notice.querySelector("[data-lost-since]");
    since.textContent = at.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
    notice.hidden = false;
  }, NOTICE_AFTER_MS);
}

function find() {
  clearTimeout(timer);
  timer = 0;
  notice.hidden = true;
}

document.addEventListener("htmx:wsClose", (event) => event.target.isConnected && lose(event));
document.addEventListener("htmx:wsOpen", find);
notice.querySelector("[data-try-now]").addEventListener("click", () => socket?.reconnect());
