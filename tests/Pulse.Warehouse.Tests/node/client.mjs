// Drives a BigQuery service with Google's own client. Arguments: the API's root, the project, a token, a Parquet file.
// Prints one JSON object with what was seen; a step that should have been refused and was not is an error.
import {BigQuery} from '@google-cloud/bigquery';
import {OAuth2Client} from 'google-auth-library';

const [, , apiEndpoint, projectId, token, parquet] = process.argv;
const authClient = new OAuth2Client();
authClient.setCredentials({access_token: token, expiry_date: Date.now() + 3_600_000});
const client = new BigQuery({projectId, apiEndpoint, authClient, maxRetries: 3});
const seen = {};

async function refusal(doing, act) {
  try {
    await act();
  } catch (error) {
    return {code: error.code ?? null, reason: error.errors?.[0]?.reason ?? null};
  }
  throw new Error(`${doing} was not refused`);
}

const schema = [
  {name: 'device_type', type: 'STRING', mode: 'NULLABLE'},
  {name: 'genre', type: 'STRING', mode: 'NULLABLE'},
  {name: 'view_count', type: 'INTEGER', mode: 'NULLABLE'},
  {name: 'date', type: 'DATE', mode: 'NULLABLE'},
  {name: 'hour', type: 'STRING', mode: 'NULLABLE'},
  {name: 'min', type: 'STRING', mode: 'NULLABLE'},
  {name: 'window_end', type: 'TIMESTAMP', mode: 'NULLABLE'},
];
const timePartitioning = {type: 'DAY', field: 'date'};
const clustering = {fields: ['hour', 'min']};

const [dataset] = await client.createDataset('from_node', {location: 'EU'});
seen.datasetExists = (await dataset.exists())[0];
seen.absentDatasetExists = (await client.dataset('nowhere').exists())[0];
seen.datasetAgain = await refusal('a second dataset', () => client.createDataset('from_node', {location: 'EU'}));

const [table] = await dataset.createTable('views', {schema, timePartitioning, clustering});
const [metadata] = await table.getMetadata();
seen.partitioning = metadata.timePartitioning;
seen.clustering = metadata.clustering;
seen.columns = metadata.schema.fields.map(field => `${field.name} ${field.type}`);
seen.tableAgain = await refusal('a second table', () => dataset.createTable('views', {schema}));
seen.absentTable = await refusal('an absent table', () => dataset.table('nothing').getMetadata());
await table.setMetadata({description: 'patched'});
seen.description = (await table.getMetadata())[0].description;

const load = {
  sourceFormat: 'PARQUET', schema: {fields: schema}, timePartitioning, clustering,
  createDisposition: 'CREATE_NEVER', writeDisposition: 'WRITE_TRUNCATE',
};
const day = dataset.table('views$20260101', {location: 'EU'});
const [job] = await day.load(parquet, {...load, jobId: 'from_node_1'});
seen.state = job.status.state;
seen.outputRows = job.statistics.load.outputRows;
seen.jobAgain = await refusal('a job id used twice', () => day.load(parquet, {...load, jobId: 'from_node_1'}));
await day.load(parquet, {...load, jobId: 'from_node_2'});

const question = {
  query: `SELECT COUNT(*) AS row_count, SUM(view_count) AS view_count FROM \`${projectId}.from_node.views\` WHERE date = @date`,
  params: {date: BigQuery.date('2026-01-01')},
  location: 'EU',
  useLegacySql: false,
};
[seen.counts] = (await client.query(question))[0];
const [queryJob] = await client.createQueryJob(question);
[seen.countsOfJob] = (await queryJob.getQueryResults())[0];

seen.wrongPartition = await refusal('rows of another date', () =>
  dataset.table('views$20260102', {location: 'EU'}).load(parquet, {...load, jobId: 'from_node_3'}));
seen.wrongPartitioning = await refusal('another partitioning', () =>
  day.load(parquet, {...load, timePartitioning: {type: 'DAY'}, jobId: 'from_node_4'}));
seen.unknownField = await refusal('an unknown field', () =>
  day.load(parquet, {...load, wriiteDisposition: 'WRITE_APPEND', jobId: 'from_node_5'}));
seen.badQuery = await refusal('SQL of nonsense', () => client.query({query: 'SELEKT 1', useLegacySql: false}));
seen.absentInQuery = await refusal('an absent dataset in SQL', () =>
  client.query({query: `SELECT 1 FROM \`${projectId}.nowhere.views\``, useLegacySql: false}));

console.log(JSON.stringify(seen));
