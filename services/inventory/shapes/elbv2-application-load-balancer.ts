import * as z from 'zod'
import { common, flag, hidden, list, part, text, texts, whole } from './parts.ts'

const names = list(z.string())

/** What signing in by Cognito and by OIDC have in common. */
const signIn = {
  AuthenticationRequestExtraParams: texts,
  OnUnauthenticatedRequest: text,
  Scope: text,
  SessionCookieName: text,
  SessionTimeout: whole,
}

const action = z.object({
  AuthenticateCognitoConfig: part({ ...signIn, UserPoolArn: text, UserPoolClientId: text, UserPoolDomain: text }),
  AuthenticateOidcConfig: part({
    ...signIn,
    AuthorizationEndpoint: text,
    ClientId: text,
    ClientSecret: hidden,
    Issuer: text,
    TokenEndpoint: text,
    UseExistingClientSecret: flag,
    UserInfoEndpoint: text,
  }),
  FixedResponseConfig: part({ ContentType: text, MessageBody: text, StatusCode: text }),
  ForwardConfig: part({
    TargetGroupStickinessConfig: part({ DurationSeconds: whole, Enabled: flag }),
    TargetGroups: list(z.object({ TargetGroupArn: text, Weight: whole })),
  }),
  Order: whole,
  RedirectConfig: part({ Host: text, Path: text, Port: text, Protocol: text, Query: text, StatusCode: text }),
  TargetGroupArn: text,
  Type: text,
})

const listener = z.object({
  AlpnPolicy: names,
  Certificates: list(z.object({ CertificateArn: text, IsDefault: flag })),
  DefaultActions: list(action),
  ListenerArn: text,
  LoadBalancerArn: text,
  Port: whole,
  Protocol: text,
  SslPolicy: text,
})

const sslPolicy = z.object({
  Ciphers: list(z.object({ Name: text, Priority: whole })),
  Name: text,
  SslProtocols: names,
})

export const elbv2ApplicationLoadBalancerShape = z.object({
  ...common('AWS.ELBV2.ApplicationLoadBalancer'),
  Arn: z.string(),
  Name: z.string(),
  LoadBalancerArn: text,
  LoadBalancerName: text,
  AvailabilityZones: list(
    z.object({
      LoadBalancerAddresses: list(z.object({ AllocationId: text, IPv6Address: text, IpAddress: text, PrivateIPv4Address: text })),
      OutpostId: text,
      SubnetId: text,
      ZoneName: text,
    }),
  ),
  // Misspelt for ever: policies read it so.
  CanonicalHostedZonedId: text,
  DNSName: text,
  IpAddressType: text,
  Listeners: list(listener),
  SSLPolicies: z
    .record(z.string(), sslPolicy)
    .nullable()
    .default(null)
    .transform((map) => (map === null || Object.keys(map).length === 0 ? null : map)),
  Scheme: text,
  SecurityGroups: names,
  State: part({ Code: text, Reason: text }),
  Type: text,
  VpcId: text,
  WebAcl: part({ ARN: text, Name: text, WebACLId: text }),
})
