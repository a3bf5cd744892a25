// Opens the booking of a business in a dialog on its own site:
//   <script src="…/embed.js" data-business="salon-hana" data-label="Book" defer></script>
// Elements with data-omotenashi-book open it too. The page gets the event "omotenashi:booked".
(() => {
  const script = document.currentScript;
  const site = new URL(script.src).origin;
  const ja = (document.documentElement.lang || navigator.language).startsWith("ja");
  const words = ja ? ["予約する", "閉じる", "オンライン予約"] : ["Book", "Close", "Online booking"];
  let dialog, frame;

  function open() {
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.setAttribute("aria-label", words[2]);
      Object.assign(dialog.style, { width: "min(46rem, 100%)", maxHeight: "96vh", padding: "0", border: "0", borderRadius: "12px" });
      const close = document.createElement("button");
      close.type = "button";
      close.textContent = words[1];
      Object.assign(close.style, { display: "block", marginLeft: "auto", padding: "12px 20px", border: "0", background: "none", font: "inherit", cursor: "pointer" });
      close.addEventListener("click", () => dialog.close());
      frame = document.createElement("iframe");
      frame.title = words[2];
      Object.assign(frame.style, { display: "block", width: "100%", height: "80vh", border: "0" });
      frame.src = `${site}/${encodeURIComponent(script.dataset.business)}/embed`;
      dialog.append(close, frame);
      document.body.append(dialog);
    }
    dialog.showModal();
  }

  addEventListener("message", (event) => {
    if (event.origin !== site || event.source !== frame?.contentWindow) return;
    const { type, height } = event.data ?? {};
    if (type === "height" && height > 0) frame.style.height = `${Math.min(height, 5000)}px`;
    if (type === "booked") document.dispatchEvent(new CustomEvent("omotenashi:booked"));
  });

  const button = document.createElement("button");
  button.type = "button";
  button.textContent = script.dataset.label || words[0];
  button.dataset.omotenashiBook = "";
  const place = () => {
    if (document.querySelector("[data-omotenashi-book]")) return;
    script.closest("head") ? document.body.append(button) : script.after(button);
  };
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", place) : place();
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-omotenashi-book]")) { event.preventDefault(); open(); }
  });
})();
