// Shows how much of a hold is left. The server decides; this only counts.
for (const element of document.querySelectorAll(".countdown")) {
  const end = performance.now() + Number(element.dataset.seconds) * 1000;
  const show = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    const minutes = Math.floor(left / 60);
    element.textContent = left
      ? `${element.dataset.label} ${minutes}:${String(left % 60).padStart(2, "0")}`
      : element.dataset.over;
    if (left) setTimeout(show, 1000);
    // Screen readers hear the minutes and the end, not every second.
    element.setAttribute("aria-live", left % 60 === 0 ? "polite" : "off");
  };
  show();
}
