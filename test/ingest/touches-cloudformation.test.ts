import { describe, expect, test } from 'vitest'
import { inShort, touched, type Call } from '../support/touched.ts'

const own = 'arn:aws:cloudformation:us-east-1:111111111111'
const stackId = `${own}:stack/shop/2f7c8a10-16a1-11f1-8c5d-0a1b2c3d4e5f`
const shop = `us-east-1 ${own}:stack/shop`

describe('what happens to a stack is found, and it is called by its name whether the event has that or its id', () => {
  test.each<[string, Call, readonly string[]]>([
    ['created', { name: 'CreateStack', request: { stackName: 'shop' }, response: { stackId } }, [`create ${shop}`]],
    ['planned', { name: 'CreateChangeSet', request: { stackName: 'shop', changeSetType: 'CREATE' } }, [`update ${shop}`]],
    ['updated', { name: 'UpdateStack', request: { stackName: 'shop' }, response: { stackId } }, [`update ${shop}`]],
    ['updated by a plan', { name: 'ExecuteChangeSet', request: { changeSetName: 'x', stackName: stackId } }, [`update ${shop}`]],
    ['no longer updated', { name: 'CancelUpdateStack', request: { stackName: 'shop' } }, [`update ${shop}`]],
    ['rolled back', { name: 'RollbackStack', request: { stackName: 'shop' } }, [`update ${shop}`]],
    ['rolled back further', { name: 'ContinueUpdateRollback', request: { stackName: 'shop' } }, [`update ${shop}`]],
    ['protected, with nothing in the request', { name: 'UpdateTerminationProtection', response: { stackId } }, [`update ${shop}`]],
    ['looked at for drift', { name: 'DetectStackDrift', request: { stackName: stackId } }, [`update ${shop}`]],
    ['deleted by name', { name: 'DeleteStack', request: { stackName: 'shop' } }, [`delete ${shop}`]],
    ['deleted by id', { name: 'DeleteStack', request: { stackName: stackId } }, [`delete ${shop}`]],
  ])('%s', (_, call, expected) => {
    expect(inShort(touched('cloudformation', call))).toEqual(expected)
  })
})

describe('no stack is touched', () => {
  test.each<[string, Call]>([
    [
      'by a plan that is known by its own ARN alone',
      { name: 'ExecuteChangeSet', request: { changeSetName: `${own}:changeSet/x/1` } },
    ],
    ['by who may update it', { name: 'SetStackPolicy', request: { stackName: 'shop' } }],
    ['by a stack set', { name: 'CreateStackInstances', request: { stackSetName: 'shop' } }],
    ['of another account', { name: 'DeleteStack', request: { stackName: stackId.replace('1111', '2222') } }],
    ['by a name that is none', { name: 'DeleteStack', request: { stackName: '../shop' } }],
  ])('%s', (_, call) => {
    expect(touched('cloudformation', call)).toEqual([])
  })
})

describe('what the state must show', () => {
  test.each<[string, Call, readonly unknown[]]>([
    [
      'the stack with its tags',
      { name: 'CreateStack', request: { stackName: 'shop', tags: [{ key: 'team', value: 'a' }] } },
      [{ kind: 'present' }, { kind: 'is', path: ['Tags', 'team'], value: 'a' }],
    ],
    [
      'the stack, since a plan changes nothing yet',
      { name: 'CreateChangeSet', request: { stackName: 'shop' } },
      [{ kind: 'present' }],
    ],
    [
      'its protection',
      { name: 'UpdateTerminationProtection', request: { stackName: 'shop', enableTerminationProtection: false } },
      [{ kind: 'is', path: ['EnableTerminationProtection'], value: false }],
    ],
    ['any change', { name: 'UpdateStack', request: { stackName: 'shop' } }, [{ kind: 'change' }]],
  ])('%s', (_, call, expected) => {
    expect(touched('cloudformation', call)[0]?.witnesses).toEqual(expected)
  })
})
