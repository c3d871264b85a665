import * as z from 'zod'
import { common, list, part, text, time } from './parts.ts'

const validations = list(
  z.object({
    DomainName: text,
    ResourceRecord: part({ Name: text, Type: text, Value: text }),
    ValidationDomain: text,
    ValidationEmails: list(z.string()),
    ValidationMethod: text,
    ValidationStatus: text,
  }),
)

/** `AWS.ACM.Certificate` */
export const acmCertificateShape = z.object({
  ...common('AWS.ACM.Certificate'),
  Arn: z.string(),
  Name: text,
  CertificateArn: z.string(),
  CertificateAuthorityArn: text,
  DomainName: text,
  DomainValidationOptions: validations,
  ExtendedKeyUsages: list(z.object({ Name: text, OID: text })),
  FailureReason: text,
  InUseBy: list(z.string()),
  IssuedAt: time,
  Issuer: text,
  KeyAlgorithm: text,
  KeyUsages: list(z.object({ Name: text })),
  NotAfter: time,
  NotBefore: time,
  Options: part({ CertificateTransparencyLoggingPreference: text }),
  RenewalEligibility: text,
  RenewalSummary: part({
    DomainValidationOptions: validations,
    RenewalStatus: text,
    RenewalStatusReason: text,
    UpdatedAt: time,
  }),
  RevocationReason: text,
  RevokedAt: time,
  Serial: text,
  SignatureAlgorithm: text,
  Status: text,
  Subject: text,
  SubjectAlternativeNames: list(z.string()),
  Type: text,
})
