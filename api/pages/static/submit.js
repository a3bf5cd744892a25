// Sends a form that a person would only confirm. Without this file the button does it.
document.querySelector("form[data-submit]")?.requestSubmit();
