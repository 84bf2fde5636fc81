// Sends a chosen file to one of our own routes and says what became of it.
(() => {
  "use strict";

  function send(form) {
    const [file] = form.querySelector("input[type=file]").files;
    const said = form.querySelector("[role=status]");
    const bar = form.querySelector("progress");
    const button = form.querySelector("button");
    const say = (text, isGood) => {
      said.textContent = text;
      said.dataset.state = isGood ? "good" : "bad";
      button.disabled = false;
      bar.hidden = true;
      if (isGood) form.reset();
    };
    const request = new XMLHttpRequest();
    const query = new URLSearchParams(new FormData(form)); // the file's own input has no name
    if (form.dataset.named) query.set("name", file.name);
    request.open("PUT", `${form.dataset.upload}?${query}`);
    request.setRequestHeader("Content-Type", form.dataset.kind);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = loaded / total;
      if (loaded === total) said.textContent = "Received; checking every row and image …";
    };
    request.onload = () => {
      const answer = request.response ?? {};
      const isGood = request.status === 200;
      const tooLarge = "This file is larger than the server takes; nothing was stored. Split it, or ask whoever runs the server.";
      const otherwise = request.status === 413 ? tooLarge : `The server answered ${request.status}.`;
      say(isGood ? answer.said : String(answer.detail ?? otherwise), isGood);
      if (isGood) document.querySelector("#sr-refresh")?.click();
    };
    request.onerror = () => say("The connection broke before the file had arrived; nothing was stored. Send it again.", false);
    said.textContent = `Sending ${file.name} …`;
    said.dataset.state = "";
    button.disabled = true;
    bar.hidden = false;
    bar.value = 0;
    request.send(file);
  }

  // The forms come and go with the page's tabs.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-upload]")) return;
    event.preventDefault();
    send(event.target);
  });
})();
