// Saves a run's steps so that a kill takes the step under way and no other: one checkpoint that is safe on the disk now and then, two
// files written over in turn after every step. What is read back is the newest of the three whose checksum holds.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { WeightsError } from '../../../models/runtime/weightsFile.ts';
import type { TrainerState } from '../../../models/train/trainer.ts';
import { checkpointStep, loadCheckpoint, overwriteCheckpoint, saveCheckpoint } from './checkpoint.ts';

export interface SavingSteps {
  readonly folder: string;
  /** What the run is called. */
  readonly name: string;
  /** Steps between two checkpoints that a power cut leaves too. */
  readonly every: number;
  /** Whether steps between them are saved as well. */
  readonly each: boolean;
}

export class SavedSteps {
  private readonly saving: SavingSteps;

  constructor(saving: SavingSteps) {
    this.saving = saving;
  }

  /**
   * Null: nothing was saved. Where the one checkpoint is damaged and no other is whole, that is the error. One file is in
   * memory at a time, and the newest first.
   */
  async newest(): Promise<TrainerState | null> {
    const steps: { file: string; step: number }[] = [];
    for (const file of [...this.inTurn, this.file].filter(existsSync))
      steps.push({ file, step: (await checkpointStep(file).catch(halfWritten)) ?? -1 });
    let damage: unknown = null;
    for (const { file } of steps.sort((a, b) => b.step - a.step)) {
      try {
        return (await loadCheckpoint(file, z.unknown())).trainer;
      } catch (error) {
        halfWritten(error);
        if (file === this.file) damage = error;
      }
    }
    if (damage !== null) throw damage;
    return null;
  }

  /** `isLast`: no other step follows; what was written in turn goes then. */
  async save(trainer: TrainerState, isLast: boolean): Promise<void> {
    const checkpoint = { trainer, progress: null };
    if (trainer.step % this.saving.every === 0 || isLast) await saveCheckpoint(this.file, checkpoint);
    else if (this.saving.each) overwriteCheckpoint(this.inTurn[trainer.step % 2] ?? this.file, checkpoint);
    if (isLast) await this.dropInTurn();
  }

  async dropInTurn(): Promise<void> {
    for (const file of this.inTurn) await rm(file, { force: true });
  }

  private get file(): string {
    return this.fileOf('');
  }

  private get inTurn(): readonly string[] {
    return [this.fileOf('.even'), this.fileOf('.odd')];
  }

  private fileOf(turn: string): string {
    const { folder, name } = this.saving;
    return path.join(folder, `${name}${turn}.safetensors`);
  }
}

/** A kill in the middle of writing leaves a file that is no checkpoint; the step before stands in the other one. */
function halfWritten(error: unknown): null {
  if (error instanceof WeightsError) return null;
  throw error;
}
