// Unpacks the data and draws every section.
async function read() {
  const bytes = Uint8Array.from(atob(document.getElementById('data').textContent), c => c.charCodeAt(0));
  return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text());
}
function show(page) {
  page.studies.forEach((data, i) => {
    const study = new Study(data, document.querySelector(`article[data-study="${i}"]`));
    new Tradeoff(study, study.place('tradeoff'));
    modelSection(study, study.place('model'));
    trustPlot(study, study.place('trust'));
    if (study.hypervolume.told.length)
      curves(
          study.place('hypervolume'), [{steps: study.hypervolume, name: study.name}], 'Hypervolume after each trial');
    if (study.place('shared')) sharedSection(study, study.place('shared'));
    tables(study);
  });
  const comparison = document.querySelector('[data-plot="comparison"]');
  if (comparison)
    curves(
        comparison, page.shared_hypervolume.map((steps, i) => ({steps, name: page.names[i]})),
        'Hypervolume after each trial of every study, in shared bounds');
  const searchers = document.querySelector('[data-plot="searchers"]');
  if (searchers) searcherCurves(page.searchers, searchers);
  const attainment = document.querySelector('[data-plot="attainment"]');
  if (attainment) attainmentPlot(page.criteria, page.searchers, attainment);
}
read().then(show).catch(error => {
  for (const place of document.querySelectorAll('.plot'))
    place.textContent = 'The picture could not be drawn: ' + error.message;
});
