import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { s3Action } from './aws-s3.ts'
import { word, xml, xmlDocument, type Answer, type Fault, type Service, type WireObject } from './aws-wire.ts'

/** Reads what a request asks, as its service's protocol writes it. */
export function read(
  service: Service,
  request: IncomingMessage,
  body: string,
): { action: string; input: WireObject; path: string } {
  const url = new URL(request.url ?? '/', 'http://aws')
  const path = decodeURIComponent(url.pathname).slice(1)
  if (service.protocol === 'rest-xml') {
    const action = s3Action(request.method ?? '', path, url.searchParams)
    return { action, input: Object.fromEntries(url.searchParams), path }
  }
  if (service.protocol === 'json') {
    const target = String(request.headers['x-amz-target'] ?? '')
    return { action: target.slice(target.lastIndexOf('.') + 1), input: JSON.parse(body === '' ? '{}' : body) as WireObject, path }
  }
  const form = Object.fromEntries(new URLSearchParams(body))
  return { action: form['Action'] ?? '', input: form, path }
}

/** Writes an answer as the service's protocol asks. */
export function send(response: ServerResponse, service: Service, action: string, given: Answer): void {
  const requestId = randomUUID()
  response.setHeader('x-amzn-requestid', requestId)
  response.setHeader('x-amz-request-id', requestId)
  response.setHeader('content-type', service.protocol === 'json' ? 'application/x-amz-json-1.1' : 'text/xml')
  const headers = 'fault' in given ? given.fault.headers : given.headers
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value)
  response.statusCode = 'fault' in given ? given.fault.status : 200
  response.end('fault' in given ? faultText(service, given.fault, requestId) : resultText(service, action, given, requestId))
}

function resultText(
  { protocol, namespace }: Service,
  action: string,
  { result, root }: Exclude<Answer, { fault: Fault }>,
  requestId: string,
): string {
  if (protocol === 'json') return JSON.stringify(result)
  if (protocol === 'rest-xml') return root === '' ? word(result) : xmlDocument(root ?? action, namespace, result, null)
  if (protocol === 'ec2') return xmlDocument(`${action}Response`, namespace, { requestId, ...(result as WireObject) }, 'item')
  const answer = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } }
  return xmlDocument(`${action}Response`, namespace, answer, 'member')
}

function faultText({ protocol, namespace }: Service, { code, message }: Fault, requestId: string): string {
  if (protocol === 'json') return JSON.stringify({ __type: code, message })
  if (protocol === 'rest-xml') return xml('Error', { Code: code, Message: message, RequestId: requestId }, null)
  if (protocol === 'ec2')
    return xml('Response', { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId }, null)
  const error = { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: requestId }
  return xmlDocument('ErrorResponse', namespace, error, null)
}
