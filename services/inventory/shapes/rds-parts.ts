import * as z from 'zod'
import { flag, list, part, text, whole } from './parts.ts'

// What instances, clusters and snapshots of RDS have in common.

export const securityGroups = list(z.object({ Status: text, VpcSecurityGroupId: text }))
export const associatedRoles = list(z.object({ FeatureName: text, RoleArn: text, Status: text }))
export const domainMemberships = list(z.object({ Domain: text, FQDN: text, IAMRoleName: text, Status: text }))
export const logExports = part({ LogTypesToDisable: list(z.string()), LogTypesToEnable: list(z.string()) })
export const processorFeatures = list(z.object({ Name: text, Value: text }))
export const statusInfos = list(z.object({ Message: text, Normal: flag, Status: text, StatusType: text }))
export const endpoint = part({ Address: text, HostedZoneId: text, Port: whole })

/** Who may restore a snapshot: `restore` is a list of accounts, or `all`. */
export const snapshotAttributes = list(z.object({ AttributeName: text, AttributeValues: list(z.string()) }))
