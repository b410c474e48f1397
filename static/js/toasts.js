// Toasts leave after eight seconds, not while someone points at them or has the focus in them. What htmx could not
// do is said in one, too.
const STAY_MS = 8000;
const region = document.getElementById("toasts");

function leave(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(leave, STAY_MS, toast);
  else toast.remove();
}

function expire(toast) {
  if (toast.dataset.timed === undefined) {
    toast.dataset.timed = "";
    setTimeout(leave, STAY_MS, toast);
  }
}

function say(text) {
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = `${text} `;
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.dismiss = "";
  close.textContent = "Close";
  toast.append(close);
  region.append(toast);
}

if (region) {
  for (const toast of region.children) expire(toast);
  new MutationObserver(() => [...region.children].forEach(expire)).observe(region, { childList: true });
  region.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast").remove());
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const plain = xhr.getResponseHeader("Content-Type")?.startsWith("text/plain");
    say(plain ? xhr.responseText : "That did not work. Please try again.");
  });
  document.addEventListener("htmx:sendError", () => say("The server cannot be reached. Please try again."));
}
