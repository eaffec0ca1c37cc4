// Replaces what changed: the server sends whole elements, each with its id, in
// the protocol of Datastar (https://data-star.dev), which can take the place of
// this script when pages grow.
new EventSource('/updates?page=' + encodeURIComponent(location.pathname)).addEventListener('datastar-patch-elements', (event) => {
  const lines = event.data.split('\n').filter((line) => line.startsWith('elements '));
  const template = document.createElement('template');
  template.innerHTML = lines.map((line) => line.slice('elements '.length)).join('\n');
  for (const element of template.content.children) {
    document.getElementById(element.id)?.replaceWith(element.cloneNode(true));
  }
});
