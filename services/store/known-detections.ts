import { sql } from 'kysely'
import type { Database } from './database.ts'
import type { KnownDetections } from './store.ts'
import { json, now } from './values.ts'

export function createKnownDetections(database: Database): KnownDetections {
  return {
    async note(ids) {
      await database.rows(sql`
        insert into known_detections (detection_id, since)
        select id, ${now} from jsonb_array_elements_text(${json(ids)}) as given(id) order by id
        on conflict do nothing`)
    },
    async since() {
      const rows = await database.rows<{ id: string; since: Date }>(sql`select detection_id as id, since from known_detections`)
      return new Map(rows.map(({ id, since }) => [id, since]))
    },
  }
}
