/** Commands of Panther's tool that have another name here, or no use: what to do instead. */
export const foreignCommands: Readonly<Record<string, string>> = {
  validate: '`tripline test DIR` checks every item, and `tripline upload DIR --dry-run` says which findings would open and close',
  zip: 'nothing is packed here; `tripline upload DIR` tests the folder and keeps it as a numbered bundle',
  release: 'nothing is packed here; `tripline upload DIR --message TEXT` keeps a numbered bundle with its digest',
  publish: 'nothing is published here; `tripline upload DIR` makes a folder count, `tripline bundles` lists what was uploaded',
  delete: 'a bundle is the whole folder: take the detection out of it and `tripline upload DIR`; its findings are retired',
  'check-connection': '`tripline check` says whether everything that `run` needs answers',
  'update-custom-schemas': 'schemas of logs are files that `schemas` in tripline.yaml names (docs/log-types.md)',
  'enrich-test-data': 'nothing is looked up for tests; write `p_enrichment` into the event of the test',
  'test-lookup-table': 'lookup tables are not supported; a test stands something in for `lookup` with `_mocked_lookup_data_`',
  install: 'there is no catalogue here; copy detections into your folder, or merge the repository that they come from with git',
  explore: 'there is no catalogue here; `tripline test DIR --filter KEY=VALUE` finds detections in a folder',
  clone: 'copy the item and its Python file in your folder, and give it an id of its own',
  enable: 'set `Enabled: true` in the specification, and `tripline upload DIR`',
  fetch: 'keep your copy of a repository in step with git; Tripline reads a folder as it is',
  pull: 'keep your copy of a repository in step with git; Tripline reads a folder as it is',
  merge: 'keep your copy of a repository in step with git; Tripline reads a folder as it is',
  update: 'keep your copy of a repository in step with git; Tripline reads a folder as it is',
  fmt: 'Tripline does not rewrite files; any formatter of YAML and Python does',
}

/** Says it in one line. Exit code 2, as for any call that cannot be meant. */
export function foreignCommand(name: string): number {
  process.stderr.write(`${name} is a command of Panther's tool: ${foreignCommands[name]}\n`)
  return 2
}
