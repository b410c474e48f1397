// A file field with data-most-mb says at once, before anything is sent, that a file is too large.
document.addEventListener("change", (event) => {
  const field = event.target.closest("input[type=file][data-most-mb]");
  if (!field) return;
  const most = Number(field.dataset.mostMb);
  const isTooLarge = [...field.files].some((file) => file.size > most * 2 ** 20);
  field.setCustomValidity(isTooLarge ? `The file is larger than ${most} MB. Please split it.` : "");
  field.reportValidity();
});

document.addEventListener("submit", (event) => {
  const fields = event.target.querySelectorAll("input[type=file][data-most-mb]");
  if ([...fields].some((field) => !field.reportValidity())) event.preventDefault();
});
