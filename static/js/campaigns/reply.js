// In the reply inbox: Space plays the opened reply, and pauses it.
const CONTROLS = "input, textarea, select, button, a, summary, audio";

document.addEventListener("keydown", (event) => {
  if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem("keys") === "off") return;
  if (event.target.closest(CONTROLS) || document.querySelector("dialog[open], :popover-open")) return;
  const player = document.querySelector("[data-player]");
  if (!player) return;
  event.preventDefault();
  if (player.paused) player.play().catch(() => {}); // the player itself shows that there is no sound
  else player.pause();
});
