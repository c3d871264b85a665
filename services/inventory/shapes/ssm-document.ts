import * as z from 'zod'
import { common, list, text, time } from './parts.ts'

/** `AWS.SSM.Document` */
export const ssmDocumentShape = z
  .object({
    ...common('AWS.SSM.Document'),
    Arn: z.string(),
    Id: z.string(),
    Name: z.string(),
    AccountIds: list(z.string()),
    AccountSharingInfoList: list(z.object({ AccountId: text, SharedDocumentVersion: text })),
    ApprovedVersion: text,
    AttachmentsInformation: list(z.object({ Name: text })),
    Author: text,
    Category: list(z.string()),
    CategoryEnum: list(z.string()),
    DefaultVersion: text,
    Description: text,
    DisplayName: text,
    DocumentFormat: text,
    DocumentType: text,
    DocumentVersion: text,
    Hash: text,
    HashType: text,
    LatestVersion: text,
    Owner: text,
    Parameters: list(z.object({ DefaultValue: text, Description: text, Name: text, Type: text })),
    PendingReviewVersion: text,
    PlatformTypes: list(z.string()),
    Requires: list(z.object({ Name: text, RequireType: text, Version: text, VersionName: text })),
    ReviewInformation: list(z.object({ ReviewedTime: time, Reviewer: text, Status: text })),
    ReviewStatus: text,
    SchemaVersion: text,
    Sha1: text,
    Status: text,
    StatusInformation: text,
    TargetType: text,
    VersionName: text,
  })
  .describe('As its default version is. The content is not kept, only its hash. Among `AccountIds`, `all` is everybody.')
