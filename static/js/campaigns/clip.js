// The player of a recorded reply or message: a button, a place on the ribbon, or Space. They come and go, so the page
// listens. One sounds at a time.
const CONTROLS = "input, textarea, select, button, a, summary, audio";

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const players = () => [...document.querySelectorAll("[data-clip] audio")];

function toggle(audio) {
  if (audio.paused) audio.play().catch(() => {}); // the error event tells
  else audio.pause();
}

function show({ target: audio }) {
  const clip = audio.closest("[data-clip]");
  if (!clip) return;
  if (!audio.paused) for (const other of players()) if (other !== audio) other.pause();
  const button = clip.querySelector("[data-play]");
  const icon = button.querySelector("use");
  button.setAttribute("aria-label", audio.paused ? "Play" : "Pause");
  icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, audio.paused ? "#play" : "#pause"));
  clip.querySelector("[data-time]").textContent = clock(audio.currentTime);
  for (const end of ["x1", "x2"]) clip.querySelector(".clip__head").setAttribute(end, audio.currentTime * 1000);
}

// Media events do not bubble, but they can be caught on their way down.
for (const name of ["play", "pause", "ended", "seeked", "timeupdate"]) document.addEventListener(name, show, true);

document.addEventListener(
  "error",
  ({ target }) => {
    const notice = target.closest?.("[data-clip]")?.parentElement.querySelector("[data-no-sound]");
    if (notice) notice.hidden = false;
  },
  true,
);

document.addEventListener("click", ({ target, clientX }) => {
  const clip = target.closest("[data-clip]");
  if (!clip) return;
  const audio = clip.querySelector("audio");
  const plot = target.closest(".ribbon")?.getBoundingClientRect();
  if (plot) audio.currentTime = (clip.dataset.clip / 1000) * ((clientX - plot.left) / plot.width);
  else if (target.closest("[data-play]")) toggle(audio);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  if (event.target.closest(CONTROLS) || document.querySelector("dialog[open], :popover-open")) return;
  const all = players();
  const audio = all.length === 1 ? all[0] : all.find((each) => !each.paused); // of many, Space stops the one that sounds
  if (!audio) return;
  event.preventDefault();
  toggle(audio);
});
