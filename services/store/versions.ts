import { sql } from 'kysely'
import type { ResourceRef } from '#model'
import type { Database } from './database.ts'
import type { Version, Versions } from './store.ts'
import { at, columnsOf, isRef, json, possibleIds, texts } from './values.ts'

interface VersionRow extends Omit<Version, 'ref'>, ResourceRef {}

const versionColumns = sql`
  v.account_id as "accountId", v.region, v.type, v.id, v.number, v.at, v.kind, v.attributes, v.differences, v.causes`

export function createVersions(database: Database): Versions {
  return {
    async add({ ref, number, kind, attributes, differences, causes, ...version }) {
      const key = columnsOf(ref)
      const time = at(version.at)
      await database.rows(sql`
        with replaced as (
          update versions as v set replaced_at = ${time}
          where ${isRef('v', ref)} and v.replaced_at is null
            and v.number = (select max(number) from versions as v where ${isRef('v', ref)} and v.number < ${number})
        )
        insert into versions (account_id, region, type, id, number, at, kind, attributes, differences, causes, replaced_at)
        values (${key.account_id}, ${key.region}, ${key.type}, ${key.id}, ${number}, ${time}, ${kind},
          ${attributes === null ? null : json(attributes)}::jsonb, ${json(differences)}, ${json(causes)},
          case when ${kind} = 'gone' then ${time} end)
        on conflict do nothing`)
    },
    async list(ref, limit) {
      const rows = await database.rows<VersionRow>(sql`
        select ${versionColumns} from versions as v where ${isRef('v', ref)} order by v.number desc limit ${limit}::integer`)
      return rows.map(versionOf)
    },
    async since(ids, time) {
      const possible = possibleIds(ids)
      if (possible.length === 0) return []
      // `offset 0` keeps it one probe of the index for each id.
      const rows = await database.rows<VersionRow>(sql`
        select ${versionColumns}
        from unnest(${texts(possible)}) as each(id), lateral (
          select account_id, region, type, id from resources where reverse(resources.id) = reverse(each.id) offset 0
        ) as r, lateral (
          select * from versions as v
          where v.account_id = r.account_id and v.region = r.region and v.type = r.type and v.id = r.id
          order by v.number desc limit 1
        ) as v
        where v.at >= ${at(time)} order by v.at, v.number`)
      return rows.map(versionOf)
    },
    async at(ref, time) {
      const row = await database.first<VersionRow>(sql`
        select ${versionColumns} from versions as v where ${isRef('v', ref)} and v.at <= ${at(time)}
        order by v.at desc, v.number desc limit 1`)
      return row === null ? null : versionOf(row)
    },
  }
}

function versionOf({ accountId, region, type, id, ...row }: VersionRow): Version {
  return { ref: { accountId, region, type, id }, ...row }
}
