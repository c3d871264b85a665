import { groups } from './ec2-groups.ts'
import { instances } from './ec2-instances.ts'
import { acl, group, image, instance, internetGateway, natGateway, routeTable, snapshot, volume, vpc } from './ec2-named.ts'
import { routing } from './ec2-routing.ts'
import { storage } from './ec2-storage.ts'
import { vpcs } from './ec2-vpc.ts'
import { tagged, untagged } from './shows.ts'
import { effect, type ServiceTable } from './table.ts'

const resources = ['requestParameters.resourcesSet.items[].resourceId']
const all = [group, vpc, acl, routeTable, internetGateway, natGateway, instance, image, volume, snapshot]

/** Tags go to ids of any kind, in one call; the other events stand with what they change. */
export const ec2: ServiceTable = {
  source: 'ec2.amazonaws.com',
  events: {
    ...instances,
    ...storage,
    ...groups,
    ...vpcs,
    ...routing,
    CreateTags: all.map((each) => effect('update', each, resources, tagged('requestParameters.tagSet.items'))),
    DeleteTags: all.map((each) => effect('update', each, resources, untagged('requestParameters.tagSet.items'))),
  },
}
