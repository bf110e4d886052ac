// The selected model: its layers in a row with what each costs, and its choices.
function modelSection(study, place) {
  const answer = place.parentElement.querySelector('.answer');
  study.onSelect(() => {
    const t = study.selected;
    place.replaceChildren();
    if (t < 0) {
      answer.textContent = 'No model is on the front yet.';
      return;
    }
    const model = study.models.find(m => m.trial === study.trials.number[t] && m.layers.length);
    answer.textContent =
        study.words(t) + '. ' + (model ? layerWords(model) : 'It was not exported, so its layers are not drawn.');
    if (model) place.append(layerStrip(model), layerTable(model));
    const choices = study.decisions.map((decision, i) => [decision.name, study.trials.choices[i][t], decision.labels])
                        .filter(([, taken]) => taken >= 0);
    if (choices.length)
      place.append(
          el('details', {open: !model}, el('summary', {}, `Its ${choices.length} choices`),
             el('div', {class: 'columns'},
                ...parts(choices, 3)
                    .map(
                        part =>
                            el('dl', {class: 'values'},
                               ...part.flatMap(
                                   ([name, taken, labels]) => [el('dt', {}, name), el('dd', {}, labels[taken])]))))));
  });
}
function parts(list, count) {
  const size = Math.max(4, Math.ceil(list.length / count)), result = [];
  for (let i = 0; i < list.length; i += size) result.push(list.slice(i, i + size));
  return result;
}
/** What a layer's bar shows: its share of the predicted latency where that is known, else its multiply-adds. */
function weighing(model) {
  const timed = model.layers.some(layer => layer.cost !== null);
  const counts = {
    label: 'MACs',
    units: [
      {unit: '', factor: 1, from: 0}, {unit: 'k', factor: 1e3, from: 1e3}, {unit: 'M', factor: 1e6, from: 1e6},
      {unit: 'G', factor: 1e9, from: 1e9}
    ]
  };
  const times = {
    label: 'predicted latency',
    units:
        [{unit: 'µs', factor: 0.001, from: 0}, {unit: 'ms', factor: 1, from: 1}, {unit: 's', factor: 1000, from: 1000}]
  };
  const of = layer => (timed ? layer.cost : layer.macs) || 0;
  return {
    of,
    criterion: timed ? times : counts,
    total: model.layers.reduce((sum, layer) => sum + of(layer), 0),
    counts
  };
}
function layerWords(model) {
  const {of, criterion, total} = weighing(model),
                        top = model.layers.reduce((best, layer) => of(layer) > of(best) ? layer : best);
  return `${model.layers.length} layers; ${top.name} (${top.op}) takes ${
      total > 0 ? percent(of(top) / total) : 'none'} of the ${criterion.label}.`;
}
function fitted(text, letters) { return text.length > letters ? text.slice(0, letters - 1) + '…' : text; }
function layerStrip(model) {
  const {of, criterion} = weighing(model), w = 112, gap = 16, most = Math.max(...model.layers.map(of)) || 1;
  const skips = model.layers.flatMap(
      (layer, i) => layer.inputs.filter(from => from !== i - 1 && from < i).map(from => [from, i]));
  const reach = skips.length ? Math.max(...skips.map(([a, b]) => b - a)) : 0,
        top = skips.length ? Math.min(64, 16 + 9 * reach) : 6;
  const height = top + 58 + 84, width = model.layers.length * (w + gap) - gap + 2;
  const root = svg('svg', {
    width,
    height,
    role: 'img',
    'aria-label': `The layers in order with their ${criterion.label}; the table below says the same.`
  });
  skips.forEach(([a, b]) => {
    const from = 1 + a * (w + gap) + w / 2, to = 1 + b * (w + gap) + w / 2, rise = Math.min(top - 4, 12 + 9 * (b - a));
    root.append(
        svg('path',
            {class: 'skip', d: `M${from} ${top}C${from} ${top - rise * 1.3} ${to} ${top - rise * 1.3} ${to} ${top}`}));
  });
  model.layers.forEach((layer, i) => {
    const x = 1 + i * (w + gap), middle = x + w / 2, bar = 56 * of(layer) / most, base = top + 58 + 64;
    const chained = i > 0 && (!layer.inputs.length || layer.inputs.includes(i - 1));
    root.append(
        svg('g', {}, svg('title', {}, `${layer.name}: ${layer.op}, ${layer.shape}`),
            chained ? svg('line', {class: 'wire', x1: x - gap, x2: x, y1: top + 26, y2: top + 26}) : svg('g', {}),
            svg('rect', {class: 'box', x, y: top, width: w, height: 52, rx: 5}),
            svg('text', {class: 'strong', x: middle, y: top + 17, 'text-anchor': 'middle'}, fitted(layer.name, 13)),
            svg('text', {x: middle, y: top + 32, 'text-anchor': 'middle'}, fitted(layer.op, 16)),
            svg('text', {x: middle, y: top + 46, 'text-anchor': 'middle'}, fitted(layer.shape, 16)),
            svg('rect', {class: 'heat', x: x + 8, y: base - bar, width: w - 16, height: bar}),
            svg('line', {class: 'grid', x1: x, x2: x + w, y1: base, y2: base}),
            svg('text', {x: middle, y: base + 16, 'text-anchor': 'middle'}, told(criterion, of(layer)))));
  });
  return el('div', {class: 'layers', tabindex: 0, role: 'region', 'aria-label': 'Layers, scrolls sideways'}, root);
}
function layerTable(model) {
  const {criterion, counts} = weighing(model), size = {
    units: [
      {unit: 'B', factor: 1, from: 0}, {unit: 'KiB', factor: 1024, from: 1024},
      {unit: 'MiB', factor: 1048576, from: 1048576}
    ]
  };
  const timed = criterion !== counts, times = criterion;
  const heads =
      ['Layer', 'Operation', 'Output', 'MACs', 'Parameters', 'Activation', ...(timed ? ['Predicted latency'] : [])];
  const number = text => el('td', {class: 'number'}, text);
  return el(
      'details', {}, el('summary', {}, 'The layers as a table'),
      el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Layers'},
         el('table', {},
            el('thead', {},
               el('tr', {}, ...heads.map((text, i) => el('th', {scope: 'col', class: i > 2 ? 'number' : null}, text)))),
            el('tbody', {},
               ...model.layers.map(
                   layer => el(
                       'tr', {}, el('th', {scope: 'row'}, layer.name), el('td', {}, layer.op),
                       el('td', {}, layer.shape), number(told(counts, layer.macs)), number(told(counts, layer.params)),
                       number(told(size, layer.bytes)), timed ? number(told(times, layer.cost)) : null))))));
}
