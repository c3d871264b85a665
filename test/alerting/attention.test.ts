import { describe, expect, it } from 'vitest'
import { findingAlert } from '#alerting'
import type { Tool } from '#model'
import { aCause, aDetection, aFinding, aPlace } from '../support/alerts.ts'

const byHand: Tool = { kind: 'console', name: 'AWS console', version: null, providerVersion: null, byHand: true }
const terraform: Tool = { kind: 'terraform', name: 'Terraform', version: '1.13.5', providerVersion: null, byHand: false }

function attention(tags: Record<string, string>, tool: Tool | null): readonly string[] | undefined {
  const finding = aFinding({ causes: [aCause({ actor: { tool } })] })
  const whole = { finding, detection: aDetection(), place: aPlace(), confirmed: true }
  return findingAlert({ ...whole, tags: new Map(Object.entries(tags)) }).attention
}

describe('a change by hand', () => {
  it.each([
    [{ 'aws:cloudformation:stack-name': 'shop' }, 'Managed by stack shop, changed by hand with AWS console'],
    [{ 'pulumi:project': 'shop', 'pulumi:stack': 'prod' }, 'Managed by Pulumi (shop/prod), changed by hand with AWS console'],
    [{ Terraform: 'true' }, 'Tagged as managed by Terraform, changed by hand with AWS console'],
    [{ 'managed-by': 'terraform' }, 'Tagged managed-by=terraform, changed by hand with AWS console'],
    [{ ManagedBy: 'OpenTofu 1.9' }, 'Tagged ManagedBy=OpenTofu 1.9, changed by hand with AWS console'],
    [{ created_by: 'cdk' }, 'Tagged created_by=cdk, changed by hand with AWS console'],
  ])('of what is tagged %j deserves attention', (tags, words) => {
    expect(attention(tags, byHand)).toEqual([words])
  })

  it.each([{}, { Terraform: 'false' }, { 'managed-by': 'alice' }, { note: 'terraform' }])(
    'of what is tagged %j does not',
    (tags) => {
      expect(attention(tags, byHand)).toEqual([])
    },
  )
})

it('a change by the tool that manages it deserves none', () => {
  expect(attention({ 'managed-by': 'terraform' }, terraform)).toEqual([])
  expect(attention({ 'managed-by': 'terraform' }, null)).toEqual([])
})
