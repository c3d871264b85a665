/** Since when a detection is known. */
export const knownDetections = [`create table known_detections (detection_id text primary key, since timestamptz not null)`]
