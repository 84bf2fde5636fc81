// The way of a picture: to the demo's own route, which answers with a handle for Gradio's event.
(() => {
  const box = () => document.querySelector(".sr-drop");

  function say(text) {
    const status = box()?.querySelector(".sr-sending");
    if (status) status.textContent = text;
  }

  function refuse(sentence) {
    const place = box()?.querySelector(".sr-refusal");
    if (!place) return;
    place.hidden = !sentence;
    place.querySelector("p").textContent = sentence;
  }

  async function ask(address, options) {
    const answer = await fetch(address, options);
    const told = await answer.json().catch(() => ({}));
    if (answer.ok) return told.handle;
    throw new Error(told.detail || "The server did not take it; try again in a moment.");
  }

  async function bring(address, options, words) {
    refuse("");
    say(words);
    try {
      const handle = await ask(address, options);
      box().dispatchEvent(new CustomEvent("sr-handle", { detail: handle, bubbles: true }));
    } catch (error) {
      const isLost = error instanceof TypeError; // what fetch throws when nothing was answered
      refuse(isLost ? "The server could not be reached; check the connection and try again." : error.message);
    } finally {
      say("");
    }
  }

  function send(file) {
    if (!file || !box()) return;
    const most = Number(box().dataset.maxBytes);
    if (file.size > most) {
      refuse(`Expected at most ${most / 1e6} MB, but this file has ${(file.size / 1e6).toFixed(1)} MB; save it smaller or as JPEG.`);
      return;
    }
    bring("/demo-api/picture", { method: "PUT", body: file }, "Sending the picture …");
  }

  const isShown = () => box()?.offsetParent != null;

  document.addEventListener("change", (event) => {
    if (event.target.id !== "sr-file") return;
    send(event.target.files[0]);
    event.target.value = ""; // the same file may be chosen again
  });

  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file && isShown()) send(file);
  });

  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // else the browser leaves the page for the file
      box()?.classList.toggle("sr-over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop" && isShown()) send(event.dataTransfer.files[0]);
    });
  }

  document.addEventListener("click", (event) => {
    const example = event.target.closest?.("[data-example]");
    if (example) bring(`/demo-api/example/${example.dataset.example}`, { method: "POST" }, "");
    if (event.target.closest?.("[data-camera]")) openCamera();
    if (event.target.closest?.("[data-take]")) takePicture();
    if (event.target.closest?.("[data-close]")) closeCamera();
  });

  const camera = () => box()?.querySelector(".sr-camera");

  async function openCamera() {
    refuse("");
    if (matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices) {
      // A phone's own camera takes the better picture.
      const input = box().querySelector("#sr-file");
      input.setAttribute("capture", "environment");
      input.click();
      input.removeAttribute("capture");
      return;
    }
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 1920, height: 1080 } });
      const video = camera().querySelector("video");
      video.srcObject = stream;
      camera().showModal();
      await video.play();
    } catch {
      refuse("No camera could be opened; allow this page to use it, or choose a file.");
    }
  }

  function closeCamera() {
    const video = camera()?.querySelector("video");
    video?.srcObject?.getTracks().forEach((track) => track.stop());
    if (video) video.srcObject = null;
    camera()?.close();
  }

  function takePicture() {
    const video = camera().querySelector("video");
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    closeCamera();
    canvas.toBlob(send, "image/jpeg", 0.95);
  }

  // The dialog may also be closed with Escape.
  document.addEventListener("close", (event) => {
    if (event.target.classList?.contains("sr-camera")) closeCamera();
  }, true);
})();
