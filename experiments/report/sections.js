// Predicted against measured, hypervolume over trials, and what the front shares.
function trustPlot(study, place) {
  const samples = study.predictors.filter(p => p.samples.length).slice(0, 1).flatMap(p => p.samples);
  const models = study.models.filter(m => m.predicted && m.measured !== null).map(m => [m.measured, ...m.predicted, m]);
  const predictor = study.predictors.find(p => p.samples.length);
  const metric = predictor ? predictor.metric : {
    label: 'latency',
    units: [
      {unit: 'µs', factor: 0.001, from: 0}, {unit: 'ms', factor: 1, from: 0.01}, {unit: 's', factor: 1000, from: 1000}
    ]
  };
  const exported = metric.label === 'latency' || !predictor ? models : [];
  const all = [...samples, ...exported];
  if (!all.length) {
    place.remove();
    return;
  }
  const stage = el('div', {class: 'stage'});
  place.replaceChildren(
      stage,
      legend(
          ...(samples.length ? [[
            svg('circle', {cx: 6, cy: 6, r: 3.5, class: 'sample'}),
            `${samples.length} networks the predictor had not seen`
          ]] :
                               []),
          ...(exported.length ? [[diamond(6, 6, 5.5, {class: 'member pick'}), 'exported models']] : []),
          [svg('line', {x1: 6, x2: 6, y1: 0, y2: 12, class: 'band'}), '90 % interval'],
          [svg('line', {x1: 0, x2: 12, y1: 12, y2: 0, class: 'diagonal'}), 'prediction = measurement']));
  keepDrawn(stage, full => {
    const width = Math.min(full, 620), height = Math.round(Math.min(460, Math.max(300, width * 0.72)));
    stage.style.height = height + 'px';
    const range =
        span(extent(all.flatMap(([measured, value, low, high]) => [measured, value, low, high].filter(v => v > 0))));
    const x = scale({...metric, label: 'measured ' + metric.label}, range, margin.left, width - margin.right);
    const y = scale({...metric, label: 'predicted ' + metric.label}, range, height - margin.bottom, margin.top);
    const clamp = v => y.place(Math.max(range[0], Math.min(range[1], v)));
    stage.replaceChildren(svg(
        'svg', {
          width,
          height,
          role: 'img',
          'aria-label': 'Predicted against measured values; the tables below hold the scores and the exported models.'
        },
        axes(x, y, width, height), svg('line', {
          class: 'diagonal',
          x1: x.place(range[0]),
          y1: y.place(range[0]),
          x2: x.place(range[1]),
          y2: y.place(range[1])
        }),
        ...all.map(
            ([measured, , low, high]) =>
                svg('line',
                    {class: 'band', x1: x.place(measured), x2: x.place(measured), y1: clamp(low), y2: clamp(high)})),
        ...samples.map(
            ([measured, value]) => svg('circle', {class: 'sample', cx: x.place(measured), cy: y.place(value), r: 3})),
        ...exported.map(([measured, value, , , model]) => {
          const point = diamond(x.place(measured), y.place(value), 6, {class: 'member pick'});
          point.append(
              svg('title', {},
                  `${model.name || '#' + model.trial}: predicted ${told(metric, value)}, measured ${
                      told(metric, measured)}`));
          return point;
        })));
  });
}

function curves(place, list, note) {
  const stage = el('div', {class: 'stage'});
  place.replaceChildren(stage);
  keepDrawn(stage, full => {
    const width = Math.min(full, 760), height = Math.round(Math.min(340, Math.max(240, width * 0.45)));
    stage.style.height = height + 'px';
    const last = Math.max(1, ...list.map(({steps}) => steps.told[steps.told.length - 1] || 1));
    const x = scale(plain('trials'), [1, Math.max(2, last), last > 3000], margin.left, width - margin.right);
    const most = Math.max(0.05, ...list.flatMap(({steps}) => steps.value.slice(-1)));
    const y = scale(plain('hypervolume'), [0, Math.min(1, 1.05 * most), false], height - margin.bottom, margin.top);
    const root = svg('svg', {width, height, role: 'img', 'aria-label': note}, axes(x, y, width, height));
    list.forEach(({steps, name}, k) => {
      if (!steps.told.length) return;
      const path = steps.told
                       .map(
                           (n, i) => i === 0 ? `M${x.place(n)} ${y.place(steps.value[i])}` :
                                               `H${x.place(n)}V${y.place(steps.value[i])}`)
                       .join('');
      root.append(svg('path', {class: 'curve c' + k % 5, d: path}));
    });
    stage.replaceChildren(root);
  });
  if (list.length > 1)
    place.append(legend(
        ...list.map(({name}, k) => [svg('line', {class: 'curve c' + k % 5, x1: 0, x2: 12, y1: 6, y2: 6}), name])));
}

function sharedSection(study, place) {
  const shares = (column, trials, count) => {
    const counts = new Array(count + 1).fill(0);
    for (const t of trials) ++counts[column[t] < 0 ? count : column[t]];
    return counts.map(c => trials.length ? c / trials.length : 0);
  };
  const everyone = study.trials.number.map((_, i) => i);
  const cards =
      study.decisions
          .map((decision, d) => {
            const column = study.trials.choices[d], labels = [...decision.labels, 'not used'];
            const front = shares(column, study.front, decision.labels.length),
                  all = shares(column, everyone, decision.labels.length);
            const rows = labels.map((label, i) => ({label, front: front[i], all: all[i]}))
                             .filter((row, i) => i < decision.labels.length || row.all > 0);
            return {name: decision.name, rows, gain: Math.max(...rows.map(row => Math.abs(row.front - row.all)))};
          })
          .sort((a, b) => b.gain - a.gain);
  const bar = (kind, share) => {
    const i = el('i', {class: kind});
    i.style.width = 100 * share + '%';
    return i;
  };
  const card = ({name, rows}) =>
      el('div', {}, el('h4', {}, name),
         el('ol', {},
            ...rows.map(
                row =>
                    el('li', {}, el('span', {title: row.label}, row.label),
                       el('span', {class: 'bars', 'aria-hidden': 'true'}, bar('front-share', row.front),
                          bar('all-share', row.all)),
                       el('span', {}, el('span', {class: 'hidden'}, 'front '), percent(row.front),
                          el('span', {class: 'hidden'}, ', all trials'), ' / ' + percent(row.all))))));
  const first = 12, box = el('div', {class: 'decisions'}, ...cards.slice(0, first).map(card));
  const key = legend(
      [svg('rect', {x: 0, y: 2, width: 12, height: 8, fill: 'var(--accent)'}), 'share of the front'],
      [svg('rect', {x: 0, y: 4, width: 12, height: 4, class: 'sample'}), 'share of all trials']);
  place.replaceChildren(box, key);
  if (cards.length > first) {
    const more =
        el('button', {
          type: 'button',
          onclick: () => {
            box.append(...cards.slice(first).map(card));
            more.remove();
          }
        },
           `Show all ${cards.length} decisions`);
    place.append(el('p', {}, more));
  }
}
