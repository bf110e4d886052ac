// What all pictures share: the frame with its grid, the legend, drawing again when the width changes.
const margin = {
  left: 58,
  right: 16,
  top: 14,
  bottom: 44
};

function axes(x, y, width, height) {
  const group = svg('g', {'aria-hidden': 'true'});
  const bottom = height - margin.bottom, right = width - margin.right;
  for (const {at, text} of x.ticks) {
    const px = x.place(at);
    group.append(
        svg('line', {class: 'grid', x1: px, x2: px, y1: margin.top, y2: bottom}),
        svg('text', {x: px, y: bottom + 17, 'text-anchor': 'middle'}, text));
  }
  for (const {at, text} of y.ticks) {
    const py = y.place(at);
    group.append(
        svg('line', {class: 'grid', x1: margin.left, x2: right, y1: py, y2: py}),
        svg('text', {x: margin.left - 8, y: py + 4, 'text-anchor': 'end'}, text));
  }
  group.append(
      svg('text', {class: 'strong', x: (margin.left + right) / 2, y: height - 6, 'text-anchor': 'middle'}, x.name),
      svg('text', {
        class: 'strong',
        'text-anchor': 'middle',
        transform: `translate(14 ${(margin.top + bottom) / 2}) rotate(-90)`
      },
          y.name));
  return group;
}
/** Calls `draw(width)` now and whenever the width of the place changes. */
function keepDrawn(place, draw) {
  let last = 0;
  const update = () => {
    const width = Math.floor(place.clientWidth);
    if (width > 0 && width !== last) draw(last = width);
  };
  update();
  // Later: a drawing sets its own height, which must not happen while the observer reports.
  new ResizeObserver(() => setTimeout(update)).observe(place);
}
function legend(...entries) {
  return el(
      'p', {class: 'legend'},
      ...entries.map(
          ([shape, text]) => el('span', {}, svg('svg', {viewBox: '0 0 12 12', 'aria-hidden': 'true'}, shape), text)));
}
const diamond = (x, y, r, attributes) =>
    svg('path', {d: `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`, ...attributes});
