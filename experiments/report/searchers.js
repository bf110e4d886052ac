// Searchers over seeds: what shares of their runs reach, trial by trial, and the surfaces they attain.

function searcherLegend(searchers) {
  return legend(...searchers.map(
      ({name, runs}, k) =>
          [svg('line', {class: 'curve c' + k % 5, x1: 0, x2: 12, y1: 6, y2: 6}),
           `${name}, ${runs} ${runs === 1 ? 'run' : 'runs'}`]));
}
const stairs = (told, values, x, y) =>
    told.map((n, i) => i === 0 ? `M${x.place(n)} ${y.place(values[i])}` : `H${x.place(n)}V${y.place(values[i])}`).join('');

/** The middle as a line, from a quarter to three quarters of the runs as a band. */
function searcherCurves(searchers, place) {
  const stage = el('div', {class: 'stage'});
  place.replaceChildren(stage, searcherLegend(searchers));
  keepDrawn(stage, full => {
    const width = Math.min(full, 760), height = Math.round(Math.min(380, Math.max(260, width * 0.5)));
    stage.style.height = height + 'px';
    const last = Math.max(2, ...searchers.flatMap(({told}) => told.slice(-1)));
    const x = scale(plain('trials'), [1, last, last > 3000], margin.left, width - margin.right);
    const top = Math.max(...searchers.flatMap(({reached}) => reached[0].slice(-1)), 0.05);
    // What is reached within the first tenth of the trials would flatten all that comes later.
    const settled = searchers.flatMap(({told, reached}) => reached[2].filter((_, i) => told[i] >= last / 10));
    const low = Math.max(0, Math.min(top, ...settled) - 0.1 * top);
    const range = scale(plain('hypervolume'), [low, Math.min(1, top + 0.05 * (top - low)), false], height - margin.bottom, margin.top);
    const y = {...range, place: value => range.place(Math.max(low, value))};
    const band = ({told, reached}) => {
      const back = told.map((n, i) => [n, reached[2][i]]).reverse();
      return stairs(told, reached[0], x, y) + `L${x.place(back[0][0])} ${y.place(back[0][1])}` +
          back.slice(1).map(([n, v]) => `V${y.place(v)}H${x.place(n)}`).join('') + 'Z';
    };
    const drawn = searchers.map((searcher, k) => [searcher, k]).filter(([{told}]) => told.length);
    stage.replaceChildren(svg(
        'svg', {
          width,
          height,
          role: 'img',
          'aria-label': 'Hypervolume after each trial: the middle of the runs of each searcher, and the middle half of them as a band. The table below holds the ends.'
        },
        axes(x, y, width, height), ...drawn.map(([searcher, k]) => svg('path', {class: 'spread c' + k % 5, d: band(searcher)})),
        ...drawn.map(
            ([{told, reached}, k]) => svg('path', {class: 'curve c' + k % 5, d: stairs(told, reached[1], x, y)}))));
  });
}

/** What lies outside the frame is cut: a viewport of its own needs no reference to a clip path. */
const framed = (width, height, ...children) => {
  const [w, h] = [width - margin.left - margin.right, height - margin.top - margin.bottom];
  return svg(
      'svg', {class: 'framed', x: margin.left, y: margin.top, width: w, height: h, viewBox: `${margin.left} ${margin.top} ${w} ${h}`},
      ...children);
};
/** Between two corners of a surface the worse of both is attained; beyond its ends it runs to the frame. */
function surfacePath(corners, x, y, [worstX, worstY]) {
  if (!corners.length) return '';
  return `M${x.place(corners[0][0])} ${y.place(worstY)}` + corners.map(([a, b]) => `H${x.place(a)}V${y.place(b)}`).join('') +
      `H${x.place(worstX)}`;
}
/** What lies between two surfaces, the better first. */
function betweenSurfaces(better, worse, x, y, [worstX, worstY]) {
  if (!better.length) return '';
  const back = [...worse].reverse().map(([a, b]) => `V${y.place(b)}H${x.place(a)}`).join('');
  return surfacePath(better, x, y, [worstX, worstY]) + back + `V${y.place(worstY)}Z`;
}
function attainmentPlot(criteria, searchers, place) {
  const corners = searchers.flatMap(({surfaces}) => surfaces.flat());
  if (!corners.length) {
    place.replaceChildren(el('p', {}, 'No run has a complete trial.'));
    return;
  }
  const stage = el('div', {class: 'stage'});
  place.replaceChildren(
      stage, searcherLegend(searchers),
      el('p', {class: 'legend'}, 'Line: what half of the runs attain; band: from a quarter to three quarters of them.'));
  keepDrawn(stage, full => {
    const width = Math.min(full, 760), height = Math.round(Math.min(480, Math.max(300, width * 0.6)));
    stage.style.height = height + 'px';
    // What is worse than a reference point adds to no hypervolume, and would squeeze what does.
    const counts = corners.filter(corner => criteria.every(
                                      ({reference, maximize}, k) => reference === null ||
                                          (maximize ? corner[k] > reference : corner[k] < reference)));
    const seen = counts.length ? counts : corners;
    const ranges = [0, 1].map(k => span(extent(seen.map(corner => corner[k])), 0.08));
    const x = scale(criteria[0], ranges[0], margin.left, width - margin.right);
    const y = scale(criteria[1], ranges[1], height - margin.bottom, margin.top);
    // A logarithmic axis has no place for what is not positive.
    const placed = ([a, b]) => !(x.log && a <= 0) && !(y.log && b <= 0);
    const drawable = searchers.map(({surfaces}) => surfaces.map(corners => corners.filter(placed)));
    const worst = criteria.map((criterion, k) => ranges[k][criterion.maximize ? 0 : 1]);
    stage.replaceChildren(svg(
        'svg', {
          width,
          height,
          role: 'img',
          'aria-label': `Attainment surfaces, ${criteria[1].label} over ${criteria[0].label}: what a quarter, half and three quarters of each searcher's runs reach.`
        },
        axes(x, y, width, height),
        framed(
            width, height,
            ...drawable.map(([first, , last], k) => svg('path', {
                                                 class: 'spread c' + k % 5,
                                                 d: betweenSurfaces(first, last, x, y, worst)
                                               })),
            ...drawable.map(
                ([, half], k) => svg('path', {class: 'curve c' + k % 5, d: surfacePath(half, x, y, worst)})))));
  });
}
