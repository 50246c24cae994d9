// A line at the moment that one points at, through all drawings, and a button that copies. Everything is readable without it.
document.querySelectorAll(".plots").forEach(function (all) {
  var end = Number(all.dataset.end), lines = all.querySelectorAll(".cross"), plots = all.querySelectorAll("svg.plot");
  function hide() { lines.forEach(function (l) { l.hidden = true; }); }
  function show(e) {
    var box = e.currentTarget.getBoundingClientRect(), share = Math.min(Math.max((e.clientX - box.left) / box.width, 0), 1);
    lines.forEach(function (l) {
      var plot = l.parentNode.querySelector("svg.plot").getBoundingClientRect();
      l.hidden = false;
      l.style.left = plot.left - l.parentNode.getBoundingClientRect().left + share * plot.width + "px";
      l.firstChild.textContent = (share * end / 1000).toFixed(2) + " s";
    });
  }
  plots.forEach(function (p) { p.addEventListener("pointermove", show); p.addEventListener("pointerleave", hide); });
});
document.querySelectorAll("button.copy").forEach(function (b) {
  if (!navigator.clipboard) { return; }
  b.hidden = false;
  b.addEventListener("click", function () {
    navigator.clipboard.writeText(b.previousElementSibling.textContent).then(function () { b.textContent = "copied"; });
  });
});
