// The opacity of the map is a matter of the page alone: no request, no new map.
document.addEventListener("input", (event) => {
  if (event.target.id === "sr-opacity") {
    document.documentElement.style.setProperty("--sr-opacity", event.target.value / 100);
  }
});
