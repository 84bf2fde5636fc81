// What the scripts of the quiz share.
window.SkinQuiz = {
  element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  },

  openDialog(place, say, name, ...content) {
    const { element } = SkinQuiz;
    const close = element("button", { type: "button", autofocus: "" }, say(`quiz.${name}.close`));
    const view = element("dialog", { class: `sq-dialog sq-${name}` }, ...content, close);
    close.addEventListener("click", () => view.close());
    view.addEventListener("close", () => view.remove());
    place.append(view);
    view.showModal();
    return view;
  },
};
